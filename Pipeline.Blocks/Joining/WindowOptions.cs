namespace Pipeline.Blocks.Joining;

/// <summary>What opens a window.</summary>
public enum WindowAnchor
{
    /// <summary>Only an exposure.</summary>
    Exposure,

    /// <summary>The earliest event of any kind.</summary>
    First,
}

/// <summary>The window of one join key.</summary>
public sealed record WindowOptions
{
    /// <summary>W: a window is <c>[start, start + W)</c>. At most 49 days, so that a delay fits 32 bits.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>What opens it.</summary>
    public WindowAnchor Anchor { get; init; } = WindowAnchor.Exposure;
}
