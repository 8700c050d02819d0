namespace Pipeline.Blocks.Records;

/// <summary>One lane's share of a record batch, with the join's watermark behind it; or a barrier.</summary>
/// <remarks>Ownership: the lane's, with one lease on <see cref="Records"/>, which it releases. Threading: one owner at a time.</remarks>
public sealed class LaneBatch
{
    /// <summary>The records that <see cref="Events"/> index; null when the batch only brings a watermark or a barrier.</summary>
    public RecordBatch? Records;

    /// <summary>Indices into <see cref="RecordBatch.Events"/> of on-time events of this lane.</summary>
    public int[] Events = new int[256];

    /// <summary>Events used.</summary>
    public int Count;

    /// <summary>The join's watermark behind these events.</summary>
    public long Watermark = SourcePartition.NoTime;

    /// <summary>The floors that the watermark and these events may depend on.</summary>
    public FloorHistory Floors = FloorHistory.Empty;

    /// <summary>When set, the batch brings it and nothing else.</summary>
    public CheckpointBarrier? Barrier;

    /// <summary>Appends an event.</summary>
    public void Add(int index)
    {
        if (Count == Events.Length) Array.Resize(ref Events, Count * 2);
        Events[Count++] = index;
    }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Records = null;
        Count = 0;
        Watermark = SourcePartition.NoTime;
        Floors = FloorHistory.Empty;
        Barrier = null;
    }
}
