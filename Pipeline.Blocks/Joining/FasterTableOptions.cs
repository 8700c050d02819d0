namespace Pipeline.Blocks.Joining;

/// <summary>Where one lane's window table lives, and the windows it holds.</summary>
public sealed record FasterTableOptions
{
    /// <summary>Directory of the table's files; private to it, created when missing.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// Bytes of memory for index, log and copies of touched windows together. Less than <see cref="FasterTableLayout.FloorBytes"/> is taken as that. The log gives way as the index
    /// grows; past about 10 bytes of the budget for each open window nothing is left to give, and only then is the budget exceeded.
    /// </summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Action streams of the job, 0 to 64.</summary>
    public required int ActionStreams { get; init; }

    /// <summary>W.</summary>
    public required TimeSpan Window { get; init; }

    /// <summary>What opens a window.</summary>
    public WindowAnchor Anchor { get; init; } = WindowAnchor.Exposure;

    /// <summary>Whether a window without an exposure remembers its actions' log entries, for their dead letters.</summary>
    public bool KeepActions { get; init; }

    /// <summary>Bytes of one file of the log: dead windows free disk in this unit. A power of two.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>Whether files found in the directory are kept for <see cref="IWindowTable.Load"/>; else they are deleted.</summary>
    public bool Restore { get; init; }

    /// <summary>What becomes of a failed write.</summary>
    public IStoragePolicy StoragePolicy { get; init; } = NoRepeat.Instance;

    /// <summary>The calls on files; tests put faults in here.</summary>
    internal SegmentIo Io { get; init; } = SegmentIo.Real;
}
