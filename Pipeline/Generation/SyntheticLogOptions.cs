namespace Pipeline.Generation;

/// <summary>What a synthetic log looks like. The same options give the same bytes.</summary>
public sealed record SyntheticLogOptions
{
    /// <summary>Exposures; <see cref="long.MaxValue"/> for a log without an end.</summary>
    public long Exposures { get; init; } = 1_000_000;

    /// <summary>Share of exposures that are clicked.</summary>
    public double Ctr { get; init; } = 0.1;

    /// <summary>Users an exposure's user is drawn from: <c>u1</c> is the busiest.</summary>
    public long Users { get; init; } = 1_000_000;

    /// <summary>Items, drawn uniformly.</summary>
    public long Items { get; init; } = 10_000;

    /// <summary>Exponent of the users' Zipf law; 0 is uniform.</summary>
    public double Zipf { get; init; }

    /// <summary>Share of exposures, with their clicks, that are of one key: user <c>u1</c> and item <c>i1</c>.</summary>
    public double HotShare { get; init; }

    /// <summary>Exposures per second of event time.</summary>
    public double Rate { get; init; } = 50_000;

    /// <summary>Mean of the exponential delay of a click, before it is cut off at <see cref="SyntheticLog.LongestDelay"/>.</summary>
    public TimeSpan DelayMean { get; init; } = TimeSpan.FromMinutes(10.5);

    /// <summary>An event reaches the log up to this much after it happened, uniformly.</summary>
    public TimeSpan Disorder { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Partitions of each stream.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Share of records that are sent a second time, unchanged, within the disorder.</summary>
    public double Duplicates { get; init; }

    /// <summary>Another seed, another log.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Event time of the first exposure, at the latest.</summary>
    public DateTimeOffset Start { get; init; } = new(2025, 6, 15, 0, 0, 0, TimeSpan.Zero);
}
