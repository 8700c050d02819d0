using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Flow;

/// <summary>Drift control: tells a source whether it may read on in a partition.</summary>
/// <remarks>
/// A partition more than <c>max_drift</c> ahead of the slowest waits; one without a first event is read first; idle and ended ones do not count. What is in flight counts
/// where a source can tell its event time: a thin stream's records in the queues may span many minutes, which would all have to wait for the others.
/// While events waiting for their watermark are near their memory budget, only the partition that holds the watermark is read; while an idle stream as a
/// whole holds it, none but idle ones. That ends with the stream's next record or its idle timeout, for which partitions at their end go on being asked.
/// The gate spreads reading, never meaning: samples are the same whatever it answers.
/// Threading: any; it reads values that the partition block writes, some batches old.
/// </remarks>
/// <param name="directory">All partitions.</param>
/// <param name="maxDriftMs">Greatest lead over the slowest, ms; <see cref="NoDriftControl"/>: any lead will do, except near the budget.</param>
public sealed class ReadGate(PartitionDirectory directory, long maxDriftMs)
{
    /// <summary>Partitions may be apart as they like.</summary>
    public const long NoDriftControl = long.MaxValue;

    private int _lanesNearBudget;

    /// <summary>Said by a lane when its reorder buffer comes near its memory budget.</summary>
    public void EnterPressure() => Interlocked.Increment(ref _lanesNearBudget);

    /// <summary>Said by the same lane when it is no longer.</summary>
    public void LeavePressure() => Interlocked.Decrement(ref _lanesNearBudget);

    /// <summary>Whether a lane is near its budget.</summary>
    public bool UnderPressure => Volatile.Read(ref _lanesNearBudget) > 0;

    /// <summary>Event time that the slowest partition that counts is read to, what is in flight included; <see cref="SourcePartition.NoTime"/> while one has no event yet; <see cref="long.MaxValue"/> with none.</summary>
    public long Slowest() => Least(inFlight: true);

    /// <summary>Without what is in flight it is what holds the watermark.</summary>
    private long Least(bool inFlight)
    {
        long slowest = long.MaxValue;
        foreach (SourcePartition partition in directory.All)
            if (partition.State == PartitionState.Active) slowest = Math.Min(slowest, inFlight ? partition.ReadTo : partition.MaxEventTime);
        return slowest;
    }

    /// <summary>Whether a source may read on in this partition now.</summary>
    public bool MayRead(SourcePartition partition) => MayRead(partition, Slowest());

    /// <summary>The same, where <see cref="Slowest"/> was asked for once for a choice among many partitions.</summary>
    public bool MayRead(SourcePartition partition, long slowest) => IsWithin(partition, slowest, maxDriftMs);

    /// <summary>Whether a source that has paused this partition should read it again: its lead has shrunk to half. For sources to whom pausing is dear.</summary>
    public bool MayResume(SourcePartition partition, long slowest) => IsWithin(partition, slowest, maxDriftMs == NoDriftControl ? NoDriftControl : maxDriftMs / 2);

    private bool IsWithin(SourcePartition partition, long slowest, long driftMs)
    {
        long own = partition.ReadTo;
        if (own == SourcePartition.NoTime) return true;
        if (UnderPressure)
        {
            // Idle ones stay readable, whatever their stream: one that has more must be read to count again, before its stream is left behind.
            if (directory.IdleHolder != PartitionDirectory.NoStream) return partition.State == PartitionState.Idle;
            return partition.MaxEventTime <= Least(inFlight: false);
        }
        if (driftMs == NoDriftControl || slowest == long.MaxValue) return true;
        return slowest != SourcePartition.NoTime && own - slowest <= driftMs;
    }
}
