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
    /// <remarks>
    /// Other shares were not measured; no sample depends on it. It sets the size of the sketch, with 1 % 200 keys; looking for hot keys then costs 2.5 ns an event
    /// (perf/results/2026-11-28.md: "Hot keys").
    /// </remarks>
    public double HotShare { get; init; } = 0.01;

    /// <summary>Salts of each lane: blocks that condense its hot keys' events.</summary>
    /// <remarks>
    /// Other numbers were not measured. By how busy they are, four take about 1.1 M records/s of one key, where its lane alone takes 0.75 M; each needs a core for that
    /// (perf/results/2026-11-28.md: "Hot keys").
    /// </remarks>
    public int Salts { get; init; } = 4;

    /// <summary>Most events of a window whose payloads are kept, where any but the first exposure's are.</summary>
    public int MaxEventsPerWindow { get; init; } = 1_000_000;

    /// <summary>Whether reports and metrics have a hot key's hash in place of the key.</summary>
    public bool MaskKeys { get; init; }

    /// <summary>Salts there are.</summary>
    public int SaltsInUse => Mode == SkewMode.Off ? 0 : Salts;
}
