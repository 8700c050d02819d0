namespace Pipeline.Blocks.Joining;

/// <summary>What a lane needs to know of the job.</summary>
public sealed record LaneOptions
{
    /// <summary>Number of the lane.</summary>
    public required int Lane { get; init; }

    /// <summary>The window.</summary>
    public required WindowOptions Window { get; init; }

    /// <summary>For each stream of the job: 0 for the exposure, else 1 + the number of its action stream.</summary>
    public required int[] Ranks { get; init; }

    /// <summary>Whether orphaned actions become dead letters.</summary>
    public bool KeepLetters { get; init; }

    /// <summary>Most actions of a window without an exposure whose payloads are kept for their dead letters; of more only the positions are.</summary>
    public long MostKept { get; init; } = long.MaxValue;

    /// <summary>Most windows in a sample batch.</summary>
    /// <remarks>
    /// Fewer batches, each of which costs some memory: twice as many windows as before, with record batches that may be older, took 2.0 → 1.3 managed bytes a record, behind a longer warm-up
    /// (perf/results/2026-11-29.md: "Allocation").
    /// </remarks>
    public int BatchWindows { get; init; } = 1024;

    /// <summary>Most bytes in a sample batch.</summary>
    /// <remarks>See <see cref="BatchWindows"/>: for each of them 512 bytes.</remarks>
    public int BatchBytes { get; init; } = 512 << 10;

    /// <summary>What becomes of a failed write of a snapshot file.</summary>
    public IStoragePolicy StoragePolicy { get; init; } = NoRepeat.Instance;

    /// <summary>Clock by which a restore is measured.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The calls on a snapshot file; tests put faults in here.</summary>
    internal SegmentIo Io { get; init; } = SegmentIo.Real;
}
