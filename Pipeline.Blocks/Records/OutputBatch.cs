namespace Pipeline.Blocks.Records;

/// <summary>One formatted sample: slices of its batch's <see cref="OutputBatch.Bytes"/>.</summary>
/// <param name="KeyStart">First byte of the record key (the key fields' texts joined by <c>|</c>).</param>
/// <param name="KeyLength">Its length.</param>
/// <param name="ValueStart">First byte of the sample, without a newline.</param>
/// <param name="ValueLength">Its length.</param>
public readonly record struct OutputRecord(int KeyStart, int KeyLength, int ValueStart, int ValueLength);

/// <summary>Formatted samples of one lane, in its order of emission, on their way to the sink; or a barrier.</summary>
/// <remarks>
/// Ownership: one owner at a time; the sink's from <c>WriteAsync</c> on, which may keep it until it has committed, and then releases it.
/// Each value is followed by one <c>\n</c> in <see cref="Bytes"/> and each key stands in front of its value's batch area, so that a file sink
/// may write <c>Bytes[ValueStart..ValueStart+ValueLength+1]</c>. The bytes stay at their address, so that native code may be handed it until the release.
/// </remarks>
/// <param name="released">Takes the batch, empty, when it is released; null: the collector does.</param>
public sealed class OutputBatch(Action<OutputBatch>? released = null)
{
    // 1,024 samples of 560 B fit, which a lane gathers: with less every batch of the benchmark's log grew once. What is not used is not touched: address space and the collector's count, not resident memory.
    private const int FirstBytes = 640 << 10;

    /// <summary>Which lane it comes from.</summary>
    public int Lane;

    /// <summary>Keys and values; pinned.</summary>
    public byte[] Bytes = Pinned(FirstBytes);

    /// <summary>Bytes used.</summary>
    public int BytesUsed;

    /// <summary>The samples.</summary>
    public OutputRecord[] Records = new OutputRecord[256];

    /// <summary>Samples used.</summary>
    public int Count;

    /// <summary>When set, this is a barrier and nothing else.</summary>
    public CheckpointBarrier? Barrier;

    /// <summary>Key groups that samples of this batch are of, one bit each.</summary>
    public ulong Groups;

    /// <summary>By key group: the last sample of it in this batch, where its bit in <see cref="Groups"/> is set.</summary>
    public readonly EmissionPoint[] Points = new EmissionPoint[KeyHash.GroupCount];

    /// <summary>The join's watermark under which the samples were emitted, or a later one.</summary>
    public long Watermark = SourcePartition.NoTime;

    /// <summary>The floors the samples may depend on.</summary>
    public FloorHistory Floors = FloorHistory.Empty;

    /// <summary>When the samples passed the stages.</summary>
    public SampleTimes Times = SampleTimes.None;

    /// <summary>Makes room and returns the free tail; say how much was used with <see cref="BytesUsed"/>.</summary>
    public Span<byte> Room(int bytes)
    {
        if (Bytes.Length - BytesUsed < bytes) GrowSlow(BytesUsed + bytes);
        return Bytes.AsSpan(BytesUsed);
    }

    /// <summary>Appends a sample whose bytes are in place.</summary>
    public void Add(OutputRecord record)
    {
        if (Count == Records.Length) Array.Resize(ref Records, Count * 2);
        Records[Count++] = record;
    }

    /// <summary>All values with their newlines in one piece; false when something, such as keys, lies between them.</summary>
    public bool TryGetLines(out ReadOnlyMemory<byte> lines)
    {
        lines = default;
        if (Count == 0) return false;
        int start = Records[0].ValueStart, end = start;
        foreach (ref readonly OutputRecord record in Records.AsSpan(0, Count))
        {
            if (record.ValueStart != end) return false;
            end += record.ValueLength + 1;
        }
        lines = Bytes.AsMemory(start, end - start);
        return true;
    }

    /// <summary>Notes the place of the sample added last; see <see cref="EmissionPoint"/>.</summary>
    /// <remarks>By its parts: a point that was just put together and is copied whole waits until all bytes of the sample have left the processor.</remarks>
    public void Note(long time, KeyHash key, long start, uint revision)
    {
        int group = key.Group;
        Groups |= 1UL << group;
        Points[group] = new EmissionPoint(time, key, start, revision);
    }

    /// <summary>Ends the batch's use, once.</summary>
    public void Release()
    {
        Clear();
        released?.Invoke(this);
    }

    private void GrowSlow(int needed)
    {
        byte[] larger = Pinned(Math.Max(needed, Bytes.Length * 2));
        Bytes.AsSpan(0, BytesUsed).CopyTo(larger);
        Bytes = larger;
    }

    private static byte[] Pinned(int bytes) => GC.AllocateUninitializedArray<byte>(bytes, pinned: true);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        BytesUsed = Count = 0;
        Barrier = null;
        Groups = 0;
        Watermark = SourcePartition.NoTime;
        Floors = FloorHistory.Empty;
        Times = SampleTimes.None;
    }
}
