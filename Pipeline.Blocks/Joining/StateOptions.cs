namespace Pipeline.Blocks.Joining;

/// <summary>Where state lives and how much memory it may take.</summary>
public sealed record StateOptions
{
    /// <summary>Directory of window logs, FASTER logs and checkpoints; locked by one process.</summary>
    public required string Dir { get; init; }

    /// <summary>Bytes of memory for the state of all lanes; what exceeds it lives on disk.</summary>
    public long Memory { get; init; } = 1L << 30;

    /// <summary>Time between checkpoints.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checkpoints kept, at least 2.</summary>
    public int Keep { get; init; } = 3;
}
