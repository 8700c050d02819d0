using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Hosting;

namespace Pipeline.Metrics;

/// <summary>Where the join's watermark is, and who holds it there.</summary>
/// <param name="Watermark">Ms; <see cref="SourcePartition.NoTime"/>: none yet, <see cref="long.MaxValue"/>: every partition ended.</param>
/// <param name="Newest">Event time of the newest event of all, ms; <see cref="SourcePartition.NoTime"/>: there is none.</param>
/// <param name="Holder">Partition or idle stream that holds it; null: nothing does.</param>
/// <param name="HolderHasEvents">False: the partition that holds it has no event yet.</param>
/// <param name="HolderBehind">How far the holder is behind the newest event.</param>
internal sealed record WatermarkView(long Watermark, long Newest, string? Holder, bool HolderHasEvents, TimeSpan HolderBehind)
{
    /// <summary>The partition that holds it; null when an idle stream or nothing does.</summary>
    public SourcePartition? Partition { get; init; }

    /// <summary>How far the watermark is behind the newest event.</summary>
    public TimeSpan Behind => Watermark is SourcePartition.NoTime or long.MaxValue || Newest == SourcePartition.NoTime ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, Newest - Watermark));

    /// <summary>Every partition ended.</summary>
    public bool IsAtEnd => Watermark == long.MaxValue;

    /// <summary>Now.</summary>
    public static WatermarkView Of(RunView run)
    {
        WatermarkTracker tracker = run.Partitioner.Tracker;
        long newest = SourcePartition.NoTime;
        foreach (SourcePartition partition in run.Topology.Directory.All) newest = Math.Max(newest, partition.MaxEventTime);
        long watermark = tracker.Watermark;
        if (watermark == long.MaxValue) return new WatermarkView(watermark, newest, null, true, TimeSpan.Zero);
        // The tracker sets the two one after the other: a partition is named with its stream already.
        SourcePartition? partitionHolding = tracker.HoldingPartition;
        int stream = tracker.HoldingStream;
        if (partitionHolding is not null)
        {
            bool hasEvents = partitionHolding.MaxEventTime != SourcePartition.NoTime;
            TimeSpan behind = hasEvents && newest != SourcePartition.NoTime ? TimeSpan.FromMilliseconds(newest - partitionHolding.MaxEventTime) : TimeSpan.Zero;
            return new WatermarkView(watermark, newest, partitionHolding.ToString(), hasEvents, behind) { Partition = partitionHolding };
        }
        if (stream < 0) return new WatermarkView(watermark, newest, null, true, TimeSpan.Zero);
        var view = new WatermarkView(watermark, newest, $"stream {run.Job.Streams[stream].Name} (idle)", true, TimeSpan.Zero);
        return view with { HolderBehind = view.Behind };
    }
}
