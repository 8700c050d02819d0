namespace Pipeline.Blocks.Telemetry;

/// <summary>A distribution at one moment, s. Count and sum are of all its life, the rest is of its recent part.</summary>
public readonly record struct DistributionReading
{
    /// <summary>How many in all.</summary>
    public long Count { get; init; }

    /// <summary>Their sum.</summary>
    public double Sum { get; init; }

    /// <summary>How many of them are recent: what everything below is of.</summary>
    public long Recent { get; init; }

    /// <summary>The last one.</summary>
    public double Last { get; init; }

    /// <summary>The shortest.</summary>
    public double Min { get; init; }

    /// <summary>The longest.</summary>
    public double Max { get; init; }

    /// <summary>Their mean.</summary>
    public double Mean { get; init; }

    /// <summary>Standard deviation.</summary>
    public double StdDev { get; init; }

    /// <summary>Half are at most so long.</summary>
    public double Median { get; init; }

    /// <summary>75 of 100 are at most so long.</summary>
    public double P75 { get; init; }

    /// <summary>95 of 100.</summary>
    public double P95 { get; init; }

    /// <summary>98 of 100.</summary>
    public double P98 { get; init; }

    /// <summary>99 of 100.</summary>
    public double P99 { get; init; }

    /// <summary>999 of 1,000.</summary>
    public double P999 { get; init; }
}
