using System.Buffers;

namespace Pipeline.Blocks.Records;

/// <summary>One record as the source delivered it: a slice of its batch's buffer, with its position.</summary>
/// <param name="Start">First byte in <see cref="RecordBatch.Bytes"/>.</param>
/// <param name="Length">Bytes; <see cref="NullValue"/> for a Kafka tombstone; <see cref="Oversized"/> where the source kept no bytes of a record over the limit.</param>
/// <param name="Offset">Kafka offset, or position of the line's first decompressed byte in its file.</param>
/// <param name="Timestamp">The source's timestamp, ms; <see cref="SourcePartition.NoTime"/> where there is none.</param>
public readonly record struct RawRecord(int Start, int Length, long Offset, long Timestamp)
{
    /// <summary>The record has no value.</summary>
    public const int NullValue = -1;

    /// <summary>The record was over the limit and its bytes were not kept.</summary>
    public const int Oversized = -2;
}

/// <summary>What one record became for one stream. Filled by Parse; slices are of the batch's buffers.</summary>
public struct ParsedEvent
{
    /// <summary>Event time, ms since the Unix epoch; meaningful when <see cref="TimeAccepted"/>.</summary>
    public long Time;

    /// <summary>Hash of the encoded key; for events.</summary>
    public KeyHash Key;

    /// <summary>The encoded key in <see cref="RecordBatch.Arena"/>.</summary>
    public int KeyStart, KeyLength;

    /// <summary>The event id's text in <see cref="RecordBatch.Arena"/>; length 0 when there is none.</summary>
    public int IdStart, IdLength;

    /// <summary>The payload in <see cref="RecordBatch.Bytes"/>: the JSON object or CSV row as it was written.</summary>
    public int PayloadStart, PayloadLength;

    /// <summary>Index of the record in <see cref="RecordBatch.Records"/>.</summary>
    public int Record;

    /// <summary>Stream, by the order of the job.</summary>
    public byte Stream;

    /// <summary>Event, filtered, or the reason of its rejection.</summary>
    public EventOutcome Outcome;

    /// <summary>Which of the stream's filters dropped it.</summary>
    public byte Filter;

    /// <summary>Both time checks passed, so that it raises its partition's watermark, whatever comes of it.</summary>
    public bool TimeAccepted;
}

/// <summary>
/// What travels from a source through Parse to Partition: some records of one source partition, in its order, or a notice about it, or a barrier.
/// </summary>
/// <remarks>
/// Ownership: rented from a <see cref="RecordBatchPool"/>; one owner at a time up to Partition, which hands read-only leases to the lanes
/// (<see cref="AddLeases"/>); whoever releases the last lease returns the batch. On a fault nobody returns it; the collector takes it.
/// Threading: written by its owner only.
/// </remarks>
public sealed class RecordBatch
{
    private readonly RecordBatchPool? _pool;
    private int _leases;

    internal RecordBatch(RecordBatchPool? pool) => _pool = pool;

    /// <summary>The partition; null for a barrier.</summary>
    public SourcePartition? Partition;

    /// <summary>The records' bytes, end to end. Grown by <see cref="EnsureBytes"/>.</summary>
    public byte[] Bytes = [];

    /// <summary>Bytes used of <see cref="Bytes"/>.</summary>
    public int BytesUsed;

    /// <summary>The records.</summary>
    public RawRecord[] Records = [];

    /// <summary>Records used.</summary>
    public int RecordCount;

    /// <summary>Outcomes in record order; for a record read by several streams, in the order of the streams.</summary>
    public ParsedEvent[] Events = [];

    /// <summary>Outcomes used.</summary>
    public int EventCount;

    /// <summary>Encoded keys and unescaped ids.</summary>
    public byte[] Arena = [];

    /// <summary>Bytes used of <see cref="Arena"/>.</summary>
    public int ArenaUsed;

    /// <summary>Position the partition is read to once this batch is taken; -1 when the batch does not move it.</summary>
    public long PositionAfter = -1;

    /// <summary>Of a file: fingerprint of its bytes before <see cref="PositionAfter"/>; else 0.</summary>
    public ulong Fingerprint;

    /// <summary>What the source says of the partition, behind the records.</summary>
    public PartitionNotice Notice;

    /// <summary>When the batch was handed over, ms of the injected clock: the arrival time of its records, and the time of the notice's answer.</summary>
    public long At;

    /// <summary>When set, this is a barrier and nothing else.</summary>
    public CheckpointBarrier? Barrier;

    /// <summary>Appends one record, copying its bytes.</summary>
    public void Add(ReadOnlySpan<byte> value, long offset, long timestamp)
    {
        EnsureBytes(value.Length);
        value.CopyTo(Bytes.AsSpan(BytesUsed));
        Add(new RawRecord(BytesUsed, value.Length, offset, timestamp));
        BytesUsed += value.Length;
    }

    /// <summary>Appends one record whose bytes are in place (or which has none).</summary>
    public void Add(RawRecord record)
    {
        if (RecordCount == Records.Length) Grow(ref Records, RecordCount, 1);
        Records[RecordCount++] = record;
    }

    /// <summary>Appends an outcome.</summary>
    public ref ParsedEvent AddEvent()
    {
        if (EventCount == Events.Length) Grow(ref Events, EventCount, 1);
        ref ParsedEvent added = ref Events[EventCount++];
        added = default;
        return ref added;
    }

    /// <summary>Makes room for more bytes in <see cref="Bytes"/>.</summary>
    public void EnsureBytes(int more)
    {
        if (Bytes.Length - BytesUsed < more) Grow(ref Bytes, BytesUsed, more);
    }

    /// <summary>Makes room for more bytes in <see cref="Arena"/>.</summary>
    public void EnsureArena(int more)
    {
        if (Arena.Length - ArenaUsed < more) Grow(ref Arena, ArenaUsed, more);
    }

    /// <summary>Brings what Parse noted of an event into the processor's cache; before <see cref="HintBytes"/>, which reads it.</summary>
    public void HintEvent(int index) => CacheHint.Lines(Events, index, 2);

    /// <summary>Brings the bytes of an event into the processor's cache before they are read, by another core than wrote them.</summary>
    public void HintBytes(int index)
    {
        ref readonly ParsedEvent noted = ref Events[index];
        CacheHint.Lines(Records, noted.Record, 1);
        CacheHint.Lines(Arena, noted.KeyStart, 1);
        CacheHint.Lines(Bytes, noted.PayloadStart, 4);
    }

    /// <summary>Gives read-only leases to others, each to be released once.</summary>
    public void AddLeases(int count) => Interlocked.Add(ref _leases, count);

    /// <summary>Gives up one lease; the last returns the batch to its pool.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) != 0) return;
        Clear();
        _pool?.Return(this);
    }

    internal void Rented() => _leases = 1;

    private void Clear()
    {
        Partition = null;
        BytesUsed = RecordCount = EventCount = ArenaUsed = 0;
        PositionAfter = -1;
        Fingerprint = 0;
        Notice = PartitionNotice.None;
        At = 0;
        Barrier = null;
    }

    private static void Grow<T>(ref T[] array, int used, int more)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(used + more, Math.Max(256, array.Length * 2)));
        array.AsSpan(0, used).CopyTo(larger);
        if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}

/// <summary>What a source says of a partition, in the same order as its records.</summary>
public enum PartitionNotice : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The partition exists: sent once before its first records.</summary>
    Appeared,

    /// <summary>Read to its end, and the answer that confirms it was asked for at <see cref="RecordBatch.At"/>. Repeated while it lasts.</summary>
    CaughtUp,

    /// <summary>Read to the end position of a bounded run; nothing follows.</summary>
    Ended,
}
