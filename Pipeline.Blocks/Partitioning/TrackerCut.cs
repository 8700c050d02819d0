using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>Where one partition stands at a checkpoint.</summary>
/// <param name="Position">Next position to read; -1 when none was read.</param>
/// <param name="MaxEventTime">Greatest accepted event time, ms; <see cref="SourcePartition.NoTime"/> before the first.</param>
/// <param name="Floor">Its floor, ms.</param>
/// <param name="Known">Whether it had appeared.</param>
public readonly record struct PartitionMark(long Position, long MaxEventTime, long Floor, bool Known)
{
    /// <summary>Of a partition the checkpoint does not know.</summary>
    public static readonly PartitionMark Unknown = new(-1, SourcePartition.NoTime, SourcePartition.NoTime, Known: false);
}

/// <summary>What a checkpoint keeps of the watermarks.</summary>
/// <param name="Partitions">By partition index.</param>
/// <param name="Watermark">The join's, ms.</param>
/// <param name="MaxEventTime">Greatest accepted event time of all, ms.</param>
/// <param name="StreamWatermarks">By stream, ms.</param>
/// <param name="Floors">The floors.</param>
public sealed record TrackerCut(
    IReadOnlyList<PartitionMark> Partitions, long Watermark, long MaxEventTime, long[] StreamWatermarks, FloorHistory Floors);

/// <summary>What a checkpoint keeps of the stage where lateness is decided.</summary>
/// <param name="Tracker">Watermarks, positions and floors.</param>
/// <param name="Fingerprints">By partition index: of a file's bytes before its position, else 0.</param>
/// <param name="Ledger">The counts; the holder's own.</param>
public sealed record PartitionCut(TrackerCut Tracker, IReadOnlyList<ulong> Fingerprints, PartitionLedger Ledger);

/// <summary>Makes one list of recorded floors of what a checkpoint and the last commit say.</summary>
public static class FloorMerge
{
    /// <summary>
    /// All floors of both, each position once with its highest watermark. A partition that was idle counts with the watermark of its history: whatever a commit
    /// under it emitted, no later event may change.
    /// </summary>
    public static IReadOnlyList<PartitionFloor> Of(params IEnumerable<(FloorHistory Floors, long Watermark)> histories) =>
    [
        .. histories
            .SelectMany(static history => history.Floors.Applied.Concat(
                history.Floors.Idle.Select(idle => new PartitionFloor(idle.Source, idle.Number, idle.Position, history.Watermark))))
            .GroupBy(static floor => (floor.Source, floor.Number, floor.Position))
            .Select(static group => group.MaxBy(static floor => floor.Watermark)!)
            .OrderBy(static floor => floor.Source, StringComparer.Ordinal).ThenBy(static floor => floor.Number).ThenBy(static floor => floor.Position),
    ];
}
