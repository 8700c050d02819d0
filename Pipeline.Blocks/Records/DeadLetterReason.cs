namespace Pipeline.Blocks.Records;

/// <summary>Why a record or event went to the dead-letter output. The first six equal <see cref="EventOutcome"/>'s.</summary>
public enum DeadLetterReason : byte
{
    /// <summary>See <see cref="EventOutcome.Empty"/>.</summary>
    Empty,

    /// <summary>See <see cref="EventOutcome.TooLarge"/>.</summary>
    TooLarge,

    /// <summary>See <see cref="EventOutcome.Malformed"/>.</summary>
    Malformed,

    /// <summary>See <see cref="EventOutcome.BadTime"/>.</summary>
    BadTime,

    /// <summary>See <see cref="EventOutcome.FutureTime"/>.</summary>
    FutureTime,

    /// <summary>See <see cref="EventOutcome.MissingKey"/>.</summary>
    MissingKey,

    /// <summary>Below its own source partition's watermark when it arrived.</summary>
    Late,

    /// <summary>Below the floor of a partition that came back from idleness or appeared while running.</summary>
    LateIdle,

    /// <summary>An action without its exposure.</summary>
    Orphaned,

    /// <summary>A sample that failed validation.</summary>
    Invalid,
}

/// <summary>The reasons' names as they stand in summaries, metrics and dead letters.</summary>
public static class ReasonNames
{
    private static readonly string[] Names =
        ["empty", "too_large", "malformed", "bad_time", "future_time", "missing_key", "late", "late_idle", "orphaned", "invalid"];

    /// <summary>Number of reasons a record can be rejected for.</summary>
    public const int Rejections = 6;

    /// <summary>The reason's name.</summary>
    public static string Name(this DeadLetterReason reason) => Names[(int)reason];

    /// <summary>The rejection's name; only for outcomes before <see cref="EventOutcome.Filtered"/>.</summary>
    public static string Name(this EventOutcome rejection) => Names[(int)rejection];
}
