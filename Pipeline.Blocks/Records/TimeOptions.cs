namespace Pipeline.Blocks.Records;

/// <summary>Which clock windows go by.</summary>
public enum TimeMode
{
    /// <summary>The time in the events.</summary>
    Event,

    /// <summary>The time of arrival.</summary>
    Processing,
}

/// <summary>Out-of-orderness, idleness and bounds: everything that decides a watermark.</summary>
public sealed record TimeOptions
{
    /// <summary>Which clock windows go by.</summary>
    public TimeMode Mode { get; init; } = TimeMode.Event;

    /// <summary>D: how far behind its partition's greatest event time an event may come and still be on time.</summary>
    public TimeSpan OutOfOrderness { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a partition must be at its end, without an accepted time, to be idle.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far a partition may run ahead of the slowest in event time.</summary>
    public TimeSpan MaxDrift { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How far an event time may be later than its record's timestamp.</summary>
    public TimeSpan MaxFuture { get; init; } = TimeSpan.FromMinutes(5);
}
