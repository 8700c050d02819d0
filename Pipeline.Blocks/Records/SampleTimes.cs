namespace Pipeline.Blocks.Records;

/// <summary>When the exposure of a batch's sample passed each stage, ms since the Unix epoch: of one sample in the middle of the batch, for all of them.</summary>
/// <param name="Event">Its event time.</param>
/// <param name="Arrived">A source had handed over an event as new as it. Of the partition that was ahead, where partitions are apart.</param>
/// <param name="Joined">The watermark had passed it: it was applied.</param>
/// <param name="Closed">Its window was closed.</param>
public readonly record struct SampleTimes(long Event, long Arrived, long Joined, long Closed)
{
    /// <summary>Of a batch without samples.</summary>
    public static readonly SampleTimes None = new(SourcePartition.NoTime, SourcePartition.NoTime, SourcePartition.NoTime, SourcePartition.NoTime);

    /// <summary>Whether there are times.</summary>
    public bool Any => Event != SourcePartition.NoTime;
}
