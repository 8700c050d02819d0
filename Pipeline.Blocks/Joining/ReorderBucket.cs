using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The events waiting for one slice of event time, as they came; see <see cref="WaitingEvents"/>.</summary>
/// <remarks>
/// They lie in chunks that are only appended to, an event whole in one of them, so that growing copies nothing. What they are sorted by is gathered from the chunks
/// when the slice is due (<see cref="ReorderRun"/>). Threading: one thread. Memory: chunks of the buffer's pool, given back by <see cref="Release"/>; parts of it may lie in a spill file.
/// </remarks>
internal sealed class ReorderBucket(ChunkPool pool)
{
    private const int StartsInAChunk = 1 << ChunkPool.StartBits;
    private const int MostChunks = 1 << (32 - ChunkPool.StartBits);

    private readonly List<long> _spilledPages = [];
    private readonly List<byte[]> _chunks = [];

    // Bytes used of every chunk but the last.
    private readonly List<int> _used = [];
    private byte[] _tail = [];
    private int _tailUsed;
    private (int Chunk, int Offset) _gathered;

    // A snapshot that may still read the chunks.
    private ReorderSnapshot? _sharedWith;

    /// <summary>Which slice of event time.</summary>
    public long Slice;

    /// <summary>Events in memory that were not gathered yet.</summary>
    public int Ungathered { get; private set; }

    /// <summary>Bytes of memory held.</summary>
    public long MemoryBytes { get; private set; }

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
        int needed = WaitingEvents.EntryBytes + bytes;
        if (_tail.Length - _tailUsed < needed || _tailUsed >= StartsInAChunk) AddChunk(needed);
        Span<byte> target = _tail.AsSpan(_tailUsed, needed);
        MemoryMarshal.Write(target, new ReorderEntry { Time = time, Key = key, Start = (_chunks.Count - 1 << ChunkPool.StartBits) | _tailUsed, Rank = (short)rank, Also = also });
        _tailUsed += needed;
        Ungathered++;
        return target[WaitingEvents.EntryBytes..];
    }

    /// <summary>The slices of one entry's bytes.</summary>
    /// <param name="start">The entry's <see cref="ReorderEntry.Start"/>.</param>
    /// <param name="key">The encoded key.</param>
    /// <param name="id">The event id.</param>
    /// <param name="payload">The payload.</param>
    public WaitingHead Read(int start, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> bytes = ContentAt(CollectionsMarshal.AsSpan(_chunks), start);
        WaitingHead head = MemoryMarshal.Read<WaitingHead>(bytes);
        key = bytes.Slice(WaitingHead.Bytes, head.KeyLength);
        id = bytes.Slice(WaitingHead.Bytes + head.KeyLength, head.IdLength);
        payload = bytes.Slice(WaitingHead.Bytes + head.KeyLength + head.IdLength, head.PayloadLength);
        return head;
    }

    /// <summary>Brings the beginning of an event into the processor's cache before it is read.</summary>
    public void Hint(int start) => CacheHint.Lines(ContentAt(CollectionsMarshal.AsSpan(_chunks), start), 0, 6);

    /// <summary>An entry's event from its head on, to the end of its chunk.</summary>
    public static ReadOnlySpan<byte> ContentAt(ReadOnlySpan<byte[]> chunks, int start) =>
        chunks[start >>> ChunkPool.StartBits].AsSpan((start & (StartsInAChunk - 1)) + WaitingEvents.EntryBytes);

    /// <summary>Gives the entries of all events that were not gathered yet, of which there must be room for <see cref="Ungathered"/>.</summary>
    public void Gather(Span<ReorderEntry> entries)
    {
        int count = 0;
        for (; _gathered.Chunk < _chunks.Count; _gathered = (_gathered.Chunk + 1, 0))
        {
            int used = UsedOf(_gathered.Chunk);
            var events = new WaitingEvents(_chunks[_gathered.Chunk].AsSpan(_gathered.Offset, used - _gathered.Offset));
            while (events.TryRead()) entries[count++] = events.Entry;
            if (_gathered.Chunk + 1 < _chunks.Count) continue;
            _gathered.Offset = used;
            break;
        }
        Ungathered -= count;
    }

    /// <summary>Writes what is in memory to the spill file and lets go of it.</summary>
    public void Spill(PageFile file, ref long nextPage)
    {
        int bytes = 0;
        for (int chunk = 0; chunk < _chunks.Count; chunk++) bytes = checked(bytes + UsedOf(chunk));
        byte[] page = ArrayPool<byte>.Shared.Rent(bytes);
        bytes = 0;
        for (int chunk = 0; chunk < _chunks.Count; chunk++)
        {
            _chunks[chunk].AsSpan(0, UsedOf(chunk)).CopyTo(page.AsSpan(bytes));
            bytes += UsedOf(chunk);
        }
        WritePage(file, page, bytes, ref nextPage);
    }

    /// <summary>The same of some entries, all that are left of what was gathered.</summary>
    public void Spill(PageFile file, ReadOnlySpan<ReorderEntry> entries, ref long nextPage)
    {
        ReadOnlySpan<byte[]> chunks = CollectionsMarshal.AsSpan(_chunks);
        int bytes = 0;
        foreach (ref readonly ReorderEntry entry in entries) bytes = checked(bytes + WaitingEvents.EntryBytes + WaitingEvents.LengthOf(ContentAt(chunks, entry.Start)));
        byte[] page = ArrayPool<byte>.Shared.Rent(bytes);
        bytes = 0;
        foreach (ref readonly ReorderEntry entry in entries)
        {
            ReadOnlySpan<byte> content = ContentAt(chunks, entry.Start);
            content = content[..WaitingEvents.LengthOf(content)];
            MemoryMarshal.Write(page.AsSpan(bytes), entry);
            content.CopyTo(page.AsSpan(bytes + WaitingEvents.EntryBytes));
            bytes += WaitingEvents.EntryBytes + content.Length;
        }
        WritePage(file, page, bytes, ref nextPage);
    }

    /// <summary>Brings back what was spilled.</summary>
    public void Load(PageFile file)
    {
        foreach (long number in _spilledPages)
        {
            byte[] page = ReadPage(file, number, out WaitingEvents events);
            while (events.TryRead()) events.Content.CopyTo(Append(events.Entry.Time, events.Entry.Key, events.Entry.Rank, events.Content.Length, events.Entry.Also));
            ArrayPool<byte>.Shared.Return(page);
            file.Free(number);
        }
        _spilledPages.Clear();
    }

    /// <summary>Reads a spilled page into a pooled array, which the caller gives back; the events lie in it.</summary>
    public static byte[] ReadPage(PageFile file, long number, out WaitingEvents events)
    {
        int length = file.LengthOf(number);
        byte[] page = ArrayPool<byte>.Shared.Rent(length);
        file.Read(number, page.AsSpan(0, length));
        events = new WaitingEvents(page.AsSpan(0, length));
        return page;
    }

    /// <summary>Lends the events to a snapshot, which may read them until it is over.</summary>
    /// <param name="snapshot">The reader.</param>
    /// <param name="gathered">What is left of the bucket, all of it gathered; null: all of it.</param>
    public void LendTo(ReorderSnapshot snapshot, ReorderEntry[]? gathered)
    {
        snapshot.Add(CollectionsMarshal.AsSpan(_chunks), CollectionsMarshal.AsSpan(_used), _tailUsed, gathered, [.. _spilledPages]);
        _sharedWith = snapshot;
    }

    /// <summary>Gives the chunks back.</summary>
    public void Release()
    {
        if (_sharedWith is { IsOver: false } reader) pool.Return(_chunks, reader);
        else
            foreach (byte[] chunk in _chunks) pool.Return(chunk);
        _sharedWith = null;
        _chunks.Clear();
        _used.Clear();
        _tail = [];
        _tailUsed = Ungathered = 0;
        _gathered = default;
        MemoryBytes = 0;
    }

    private int UsedOf(int chunk) => chunk < _used.Count ? _used[chunk] : _tailUsed;

    private void WritePage(PageFile file, byte[] page, int bytes, ref long nextPage)
    {
        file.Write(nextPage, page.AsSpan(0, bytes));
        ArrayPool<byte>.Shared.Return(page);
        _spilledPages.Add(nextPage++);
        Release();
    }

    private void AddChunk(int needed)
    {
        if (_chunks.Count == MostChunks) throw new InvariantException($"Events of {MemoryBytes} bytes wait for one slice of event time, {Slice}: no more than {MostChunks} chunks are possible.");
        if (_chunks.Count > 0) _used.Add(_tailUsed);
        _tail = pool.Rent(_chunks.Count == 0, needed);
        _tailUsed = 0;
        _chunks.Add(_tail);
        MemoryBytes += _tail.Length;
    }
}
