namespace Pipeline.Blocks.Records;

/// <summary>One lane's share of a record batch, with the join's watermark behind it; or a barrier.</summary>
/// <remarks>Ownership: the lane's, with one lease on <see cref="Records"/>, which it releases. Threading: one owner at a time.</remarks>
public class LaneBatch
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

    /// <summary>How many batches each of the lane's salts had been sent when this one was: what they hold of them is below no watermark that this one brings. Of a batch to a salt: its own number.</summary>
    public long Turn;

    /// <summary>When set, the batch brings it and nothing else.</summary>
    public CheckpointBarrier? Barrier;

    /// <summary>Which of a lane's inputs it comes by: 0 from Partition, 1 and up from a salt.</summary>
    public virtual int Input => 0;

    /// <summary>Appends an event.</summary>
    public void Add(int index)
    {
        if (Count == Events.Length) Array.Resize(ref Events, Count * 2);
        Events[Count++] = index;
    }

    /// <summary>Empties the batch.</summary>
    public virtual void Clear()
    {
        Records = null;
        Count = 0;
        Turn = 0;
        Watermark = SourcePartition.NoTime;
        Floors = FloorHistory.Empty;
        Barrier = null;
    }
}
