using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Flow;

/// <summary>Drift control: tells a source whether it may read on in a partition.</summary>
/// <remarks>
/// A partition more than <c>max_drift</c> ahead of the slowest waits; one without a first event is read first; idle and ended ones do not count.
/// While events waiting for their watermark are near their memory budget, only the partition that holds the watermark is read.
/// The gate spreads reading, never meaning: samples are the same whatever it answers.
/// Threading: any; it reads values that the partition block writes, some batches old.
/// </remarks>
/// <param name="directory">All partitions.</param>
/// <param name="maxDriftMs">Greatest lead over the slowest, ms.</param>
public sealed class ReadGate(PartitionDirectory directory, long maxDriftMs)
{
    private int _lanesNearBudget;

    /// <summary>Said by a lane when its reorder buffer comes near its memory budget.</summary>
    public void EnterPressure() => Interlocked.Increment(ref _lanesNearBudget);

    /// <summary>Said by the same lane when it is no longer.</summary>
    public void LeavePressure() => Interlocked.Decrement(ref _lanesNearBudget);

    /// <summary>Whether a lane is near its budget.</summary>
    public bool UnderPressure => Volatile.Read(ref _lanesNearBudget) > 0;

    /// <summary>Event time of the slowest partition that counts; <see cref="SourcePartition.NoTime"/> while one has no event yet; <see cref="long.MaxValue"/> with none.</summary>
    public long Slowest()
    {
        long slowest = long.MaxValue;
        foreach (SourcePartition partition in directory.All)
            if (partition.State == PartitionState.Active) slowest = Math.Min(slowest, partition.MaxEventTime);
        return slowest;
    }

    /// <summary>Whether a source may read on in this partition now.</summary>
    public bool MayRead(SourcePartition partition) => IsWithin(partition, maxDriftMs);

    /// <summary>Whether a source that has paused this partition should read it again: its lead has shrunk to half. For sources to whom pausing is dear.</summary>
    public bool MayResume(SourcePartition partition) => IsWithin(partition, maxDriftMs / 2);

    private bool IsWithin(SourcePartition partition, long driftMs)
    {
        long own = partition.MaxEventTime;
        if (own == SourcePartition.NoTime) return true;
        long slowest = Slowest();
        if (slowest == long.MaxValue) return true;
        if (UnderPressure) return own <= slowest;
        return slowest != SourcePartition.NoTime && own - slowest <= driftMs;
    }
}
