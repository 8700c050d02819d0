namespace Pipeline.Blocks.Joining;

/// <summary>Where state lives and how much memory it may take.</summary>
public sealed record StateOptions
{
    /// <summary>Directory of window logs, FASTER logs and checkpoints; locked by one process.</summary>
    public required string Dir { get; init; }

    /// <summary>Bytes of memory for the state of all lanes; what exceeds it lives on disk.</summary>
    /// <remarks>The public interface's, not tuned. With it 20 M windows were open at 365,543 records/s and 1,598 MB (perf/results/2026-11-28.md: "Open windows").</remarks>
    public long Memory { get; init; } = 1L << 30;

    /// <summary>Time between checkpoints.</summary>
    /// <remarks>
    /// The public interface's; others were not measured. It bounds the replay of a restart: with 10 M windows open and the last checkpoint 27 s old the first new sample was committed after 23.3 s
    /// (perf/results/2026-11-28.md: "Recovery").
    /// </remarks>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checkpoints kept, at least 2.</summary>
    public int Keep { get; init; } = 3;
}
