using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The events waiting for one slice of event time: fixed-size entries to sort, and their bytes.</summary>
/// <remarks>
/// Bytes lie in chunks that are only appended to, an event whole in one of them, so that growing copies nothing. Threading: one thread. Memory: chunks of the
/// buffer's pool, given back by <see cref="Release"/>, and entries of it; parts of it may lie in a spill file.
/// </remarks>
internal sealed class ReorderBucket(ChunkPool pool)
{
    private const int CacheLine = 64;

    private readonly List<long> _spilledPages = [];
    private readonly List<byte[]> _chunks = [];
    private byte[] _tail = [];
    private int _tailUsed;
    private long _chunkBytes;

    // A snapshot that may still read the chunks.
    private ReorderSnapshot? _sharedWith;

    /// <summary>Which slice of event time.</summary>
    public long Slice;

    /// <summary>Entries in memory, in order of arrival until sorted.</summary>
    public ReorderEntry[] Entries = [];

    /// <summary>Entries used.</summary>
    public int Count;

    /// <summary>Bytes of memory held.</summary>
    public long MemoryBytes => _chunkBytes + ((long)Entries.Length * Unsafe.SizeOf<ReorderEntry>());

    /// <summary>Whether a part of it is on disk.</summary>
    public bool IsSpilled => _spilledPages.Count > 0;

    /// <summary>Appends one event, copying its bytes.</summary>
    public void Add(in ParsedEvent parsed, int rank, RecordBatch batch)
    {
        int bytes = WaitingHead.Bytes + parsed.KeyLength + parsed.IdLength + parsed.PayloadLength;
        ref readonly RawRecord record = ref batch.Records[parsed.Record];
        var head = new WaitingHead
        {
            Offset = record.Offset,
            Timestamp = record.Timestamp,
            Partition = batch.Partition!.Index,
            KeyLength = parsed.KeyLength,
            IdLength = parsed.IdLength,
            PayloadLength = parsed.PayloadLength,
        };
        Span<byte> target = Append(parsed.Time, parsed.Key, rank, bytes);
        MemoryMarshal.Write(target, head);
        target = target[WaitingHead.Bytes..];
        batch.Arena.AsSpan(parsed.KeyStart, parsed.KeyLength).CopyTo(target);
        target = target[parsed.KeyLength..];
        batch.Arena.AsSpan(parsed.IdStart, parsed.IdLength).CopyTo(target);
        target = target[parsed.IdLength..];
        batch.Bytes.AsSpan(parsed.PayloadStart, parsed.PayloadLength).CopyTo(target);
    }

    /// <summary>Room for one more event of so many bytes, head included, to be filled in at once.</summary>
    public Span<byte> Append(long time, KeyHash key, int rank, int bytes, short also = ReorderEntry.Plain)
    {
        if (Count == Entries.Length) Entries = pool.Grow(Entries);
        if (_tail.Length - _tailUsed < bytes) AddChunk(bytes);
        Span<byte> target = _tail.AsSpan(_tailUsed, bytes);
        Entries[Count++] = new ReorderEntry { Time = time, Key = key, Start = (_chunks.Count - 1 << ChunkPool.ChunkBits) | _tailUsed, Rank = (short)rank, Also = also };
        _tailUsed += bytes;
        return target;
    }

    /// <summary>The slices of one entry's bytes.</summary>
    /// <param name="start">The entry's <see cref="ReorderEntry.Start"/>.</param>
    /// <param name="key">The encoded key.</param>
    /// <param name="id">The event id.</param>
    /// <param name="payload">The payload.</param>
    public WaitingHead Read(int start, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> bytes = BytesAt(CollectionsMarshal.AsSpan(_chunks), start);
        WaitingHead head = MemoryMarshal.Read<WaitingHead>(bytes);
        bytes = bytes[WaitingHead.Bytes..];
        key = bytes[..head.KeyLength];
        id = bytes.Slice(head.KeyLength, head.IdLength);
        payload = bytes.Slice(head.KeyLength + head.IdLength, head.PayloadLength);
        return head;
    }

    /// <summary>Brings the first of an entry's bytes into the processor's cache: they were written seconds ago and are read out of order.</summary>
    /// <remarks>Duty: the address is inside the chunk, and a hint reads nothing.</remarks>
    public unsafe void Hint(int start)
    {
        if (!Sse.IsSupported) return;
        fixed (byte* bytes = BytesAt(CollectionsMarshal.AsSpan(_chunks), start))
        {
            Sse.Prefetch0(bytes);
            Sse.Prefetch0(bytes + CacheLine);
            Sse.Prefetch0(bytes + (2 * CacheLine));
            Sse.Prefetch0(bytes + (3 * CacheLine));
        }
    }

    /// <summary>Where an entry's bytes begin, to the end of their chunk.</summary>
    public static ReadOnlySpan<byte> BytesAt(ReadOnlySpan<byte[]> chunks, int start) =>
        chunks[start >>> ChunkPool.ChunkBits].AsSpan(start & (ChunkPool.ChunkBytes - 1));

    /// <summary>Writes what is in memory to the spill file and lets go of it.</summary>
    public void Spill(PageFile file, ref long nextPage)
    {
        ReadOnlySpan<byte[]> chunks = CollectionsMarshal.AsSpan(_chunks);
        int bytes = 0;
        foreach (ref readonly ReorderEntry entry in Entries.AsSpan(0, Count)) bytes += SpilledEvents.LengthOf(BytesAt(chunks, entry.Start));
        byte[] page = ArrayPool<byte>.Shared.Rent(SpilledEvents.PageBytes(Count, bytes));
        file.Write(nextPage, SpilledEvents.Write(page, Entries.AsSpan(0, Count), chunks));
        ArrayPool<byte>.Shared.Return(page);
        _spilledPages.Add(nextPage++);
        Release();
        pool.Return(Entries);
        Entries = [];
    }

    /// <summary>Brings back what was spilled.</summary>
    public void Load(PageFile file)
    {
        foreach (long number in _spilledPages)
        {
            byte[] page = SpilledEvents.Read(file, number, out ReadOnlySpan<ReorderEntry> entries, out ReadOnlySpan<byte> bytes);
            foreach (ref readonly ReorderEntry entry in entries)
            {
                ReadOnlySpan<byte> spilled = bytes.Slice(entry.Start, SpilledEvents.LengthOf(bytes[entry.Start..]));
                spilled.CopyTo(Append(entry.Time, entry.Key, entry.Rank, spilled.Length, entry.Also));
            }
            ArrayPool<byte>.Shared.Return(page);
            file.Free(number);
        }
        _spilledPages.Clear();
    }

    /// <summary>Copies the entries, which are sorted later, and lends the bytes to a snapshot. Returns the entries copied.</summary>
    public int LendTo(ReorderSnapshot snapshot, Span<ReorderEntry> entries)
    {
        Entries.AsSpan(0, Count).CopyTo(entries);
        snapshot.Add(Count, [.. _chunks], [.. _spilledPages]);
        _sharedWith = snapshot;
        return Count;
    }

    /// <summary>Gives the chunks back; the entries' array is kept for the bucket's next slice, which has about as many.</summary>
    public void Release()
    {
        if (_sharedWith is { IsOver: false } reader) pool.Return(_chunks, reader);
        else
            foreach (byte[] chunk in _chunks) pool.Return(chunk);
        _sharedWith = null;
        _chunks.Clear();
        _tail = [];
        Count = _tailUsed = 0;
        _chunkBytes = 0;
    }

    private void AddChunk(int needed)
    {
        _tail = pool.Rent(_chunkBytes, needed);
        _tailUsed = 0;
        _chunks.Add(_tail);
        _chunkBytes += _tail.Length;
    }
}
