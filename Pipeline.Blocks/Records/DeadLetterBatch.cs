namespace Pipeline.Blocks.Records;

/// <summary>One dead letter: why, where from, and the original bytes (of an invalid sample: the sample's).</summary>
/// <param name="Reason">Why.</param>
/// <param name="Stream">Stream, by the order of the job.</param>
/// <param name="Partition">Index of the source partition.</param>
/// <param name="Offset">Position in it.</param>
/// <param name="Timestamp">The source's timestamp, ms; <see cref="SourcePartition.NoTime"/> where there is none.</param>
/// <param name="Start">First byte in <see cref="DeadLetterBatch.Bytes"/>.</param>
/// <param name="Length">Bytes; <see cref="RawRecord.NullValue"/> for none.</param>
public readonly record struct DeadLetter(DeadLetterReason Reason, byte Stream, int Partition, long Offset, long Timestamp, int Start, int Length);

/// <summary>Dead letters on their way to their sink; or a barrier. Only made when a dead-letter output is configured.</summary>
/// <remarks>Ownership: one owner at a time; the dead-letter sink lets the collector take it (a slow path).</remarks>
public sealed class DeadLetterBatch
{
    /// <summary>The letters' bytes.</summary>
    public byte[] Bytes = new byte[4096];

    /// <summary>Bytes used.</summary>
    public int BytesUsed;

    /// <summary>The letters.</summary>
    public List<DeadLetter> Letters { get; } = [];

    /// <summary>When set, this is a barrier and nothing else.</summary>
    public CheckpointBarrier? Barrier;

    /// <summary>Appends a letter, copying its bytes. <paramref name="noValue"/>: the record had no value (tombstone) or its bytes were not kept.</summary>
    public void Add(DeadLetterReason reason, int stream, int partition, long offset, long timestamp, ReadOnlySpan<byte> value, bool noValue = false)
    {
        int bytes = BytesUsed + value.Length;
        if (bytes > Bytes.Length) Array.Resize(ref Bytes, Math.Max(bytes, Bytes.Length * 2));
        value.CopyTo(Bytes.AsSpan(BytesUsed));
        Letters.Add(new DeadLetter(reason, (byte)stream, partition, offset, timestamp, BytesUsed, noValue ? RawRecord.NullValue : value.Length));
        BytesUsed = bytes;
    }
}
