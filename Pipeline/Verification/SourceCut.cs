using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;

namespace Pipeline.Verification;

/// <summary>How far a job has come by a checkpoint: what was read of each partition, and up to where windows are closed.</summary>
/// <param name="Partitions">The partitions, in the order in which the job found them.</param>
/// <param name="Watermark">The join's, ms; <see cref="long.MaxValue"/>: every window is closed.</param>
internal sealed record SourceCut(IReadOnlyList<PartitionSpan> Partitions, long Watermark)
{
    /// <summary>What a manifest says. A partition that is idle stands for a floor at the watermark.</summary>
    public static SourceCut Of(CheckpointManifest manifest)
    {
        ILookup<(string, int), (long, long)> floors = manifest.Floors.Applied
            .Concat(manifest.Floors.Idle.Select(idle => new PartitionFloor(idle.Source, idle.Number, idle.Position, manifest.Watermark)))
            .ToLookup(static floor => (floor.Source, floor.Number), static floor => (floor.Position, floor.Watermark));
        return new SourceCut(
            [
                .. manifest.Partitions.Select(entry => new PartitionSpan(
                    entry.Source, entry.Number, [.. entry.Streams], Math.Max(entry.Start, 0), entry.Position, [.. floors[(entry.Source, entry.Number)]])),
            ],
            manifest.Watermark);
    }
}

/// <summary>The records of one source partition that count.</summary>
/// <param name="Source">Topic, or path of a file.</param>
/// <param name="Number">Kafka partition; 0 for a file.</param>
/// <param name="Streams">Indices of the streams that read it.</param>
/// <param name="Start">First position.</param>
/// <param name="End">Position behind the last; at or below <paramref name="Start"/>: nothing was read.</param>
/// <param name="Floors">Floors by position.</param>
internal sealed record PartitionSpan(string Source, int Number, int[] Streams, long Start, long End, IReadOnlyList<(long Position, long Watermark)> Floors)
{
    /// <summary>The floor at a position; null when there is none yet.</summary>
    public long? FloorAt(long position)
    {
        long? floor = null;
        foreach ((long from, long watermark) in Floors)
            if (from <= position && !(watermark <= floor)) floor = watermark;
        return floor;
    }
}
