namespace Pipeline.Blocks.Partitioning;

/// <summary>When work on a key is spread over salts.</summary>
public enum SkewMode
{
    /// <summary>Never; there are no salts.</summary>
    Off,

    /// <summary>While a key is hot.</summary>
    Auto,

    /// <summary>Always, for every key: a mode for tests.</summary>
    Force,
}

/// <summary>Hot keys and salts. No value changes a sample.</summary>
public sealed record SkewOptions
{
    /// <summary>When work is spread.</summary>
    public SkewMode Mode { get; init; } = SkewMode.Auto;

    /// <summary>Share of recent events above which a key is hot; below half of it it is cool again.</summary>
    public double HotShare { get; init; } = 0.01;

    /// <summary>Salts of each lane: blocks that condense its hot keys' events.</summary>
    public int Salts { get; init; } = 4;

    /// <summary>Most events of a window whose payloads are kept, where any but the first exposure's are.</summary>
    public int MaxEventsPerWindow { get; init; } = 1_000_000;

    /// <summary>Whether reports and metrics have a hot key's hash in place of the key.</summary>
    public bool MaskKeys { get; init; }

    /// <summary>Salts there are.</summary>
    public int SaltsInUse => Mode == SkewMode.Off ? 0 : Salts;
}
