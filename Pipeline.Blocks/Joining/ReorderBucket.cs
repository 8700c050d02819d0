using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The events waiting for one slice of event time: fixed-size entries to sort, and their bytes.</summary>
/// <remarks>Threading: one thread. Memory: pooled arrays, given back by <see cref="Release"/>; parts of it may lie in a spill file.</remarks>
internal sealed class ReorderBucket
{
    private readonly List<long> _spilledPages = [];

    /// <summary>Which slice of event time.</summary>
    public long Slice;

    /// <summary>Entries in memory, in order of arrival until sorted.</summary>
    public ReorderEntry[] Entries = [];

    /// <summary>Entries used.</summary>
    public int Count;

    /// <summary>Heads, keys, ids and payloads.</summary>
    public byte[] Bytes = [];

    /// <summary>Bytes used.</summary>
    public int BytesUsed;

    /// <summary>Bytes of memory held.</summary>
    public long MemoryBytes => Bytes.Length + ((long)Entries.Length * Unsafe.SizeOf<ReorderEntry>());

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

    /// <summary>The slices of one entry's bytes.</summary>
    public WaitingHead Read(int start, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> bytes = Bytes.AsSpan(start);
        WaitingHead head = MemoryMarshal.Read<WaitingHead>(bytes);
        bytes = bytes[WaitingHead.Bytes..];
        key = bytes[..head.KeyLength];
        id = bytes.Slice(head.KeyLength, head.IdLength);
        payload = bytes.Slice(head.KeyLength + head.IdLength, head.PayloadLength);
        return head;
    }

    /// <summary>Writes what is in memory to the spill file and lets go of it.</summary>
    public void Spill(PageFile file, ref long nextPage)
    {
        Span<int> sizes = [Count, BytesUsed];
        int head = sizes.Length * sizeof(int);
        ReadOnlySpan<byte> entries = MemoryMarshal.AsBytes(Entries.AsSpan(0, Count));
        byte[] page = ArrayPool<byte>.Shared.Rent(head + entries.Length + BytesUsed);
        MemoryMarshal.AsBytes(sizes).CopyTo(page);
        entries.CopyTo(page.AsSpan(head));
        Bytes.AsSpan(0, BytesUsed).CopyTo(page.AsSpan(head + entries.Length));
        file.Write(nextPage, page.AsSpan(0, head + entries.Length + BytesUsed));
        ArrayPool<byte>.Shared.Return(page);
        _spilledPages.Add(nextPage++);
        Release();
    }

    /// <summary>Brings back what was spilled.</summary>
    public void Load(PageFile file)
    {
        foreach (long number in _spilledPages)
        {
            byte[] page = ReadPage(file, number, out ReadOnlySpan<ReorderEntry> entries, out ReadOnlySpan<byte> bytes);
            if (Entries.Length < Count + entries.Length) Grow(ref Entries, Count, Count + entries.Length);
            if (Bytes.Length < BytesUsed + bytes.Length) Grow(ref Bytes, BytesUsed, BytesUsed + bytes.Length);
            foreach (ref readonly ReorderEntry entry in entries)
            {
                Entries[Count] = entry;
                Entries[Count++].Start += BytesUsed;
            }
            bytes.CopyTo(Bytes.AsSpan(BytesUsed));
            BytesUsed += bytes.Length;
            ArrayPool<byte>.Shared.Return(page);
            file.Free(number);
        }
        _spilledPages.Clear();
    }

    /// <summary>Writes every event into a snapshot, in the order <see cref="Load"/> would bring them into.</summary>
    public void Save(PageFile file, SnapshotWriter snapshot)
    {
        Save(Entries.AsSpan(0, Count), Bytes, snapshot);
        foreach (long number in _spilledPages)
        {
            byte[] page = ReadPage(file, number, out ReadOnlySpan<ReorderEntry> entries, out ReadOnlySpan<byte> bytes);
            Save(entries, bytes, snapshot);
            ArrayPool<byte>.Shared.Return(page);
        }
    }

    /// <summary>Room for one more event of so many bytes, head included, to be filled in at once.</summary>
    public Span<byte> Append(long time, KeyHash key, int rank, int bytes)
    {
        if (Count == Entries.Length) Grow(ref Entries, Count, Count + 1);
        if (Bytes.Length - BytesUsed < bytes) Grow(ref Bytes, BytesUsed, BytesUsed + bytes);
        Span<byte> target = Bytes.AsSpan(BytesUsed, bytes);
        Entries[Count++] = new ReorderEntry { Time = time, Key = key, Start = BytesUsed, Rank = rank };
        BytesUsed += bytes;
        return target;
    }

    private static void Save(ReadOnlySpan<ReorderEntry> entries, ReadOnlySpan<byte> bytes, SnapshotWriter snapshot)
    {
        foreach (ref readonly ReorderEntry entry in entries)
        {
            WaitingHead head = MemoryMarshal.Read<WaitingHead>(bytes[entry.Start..]);
            int length = WaitingHead.Bytes + head.KeyLength + head.IdLength + head.PayloadLength;
            snapshot.Write(length);
            snapshot.Write(entry.Time);
            snapshot.Write(entry.Key);
            snapshot.Write(entry.Rank);
            snapshot.WriteBytes(bytes.Slice(entry.Start, length));
        }
    }

    // The caller gives the page back to the pool; the slices lie in it.
    private static byte[] ReadPage(PageFile file, long number, out ReadOnlySpan<ReorderEntry> entries, out ReadOnlySpan<byte> bytes)
    {
        int length = file.LengthOf(number);
        byte[] page = ArrayPool<byte>.Shared.Rent(length);
        file.Read(number, page.AsSpan(0, length));
        ReadOnlySpan<int> sizes = MemoryMarshal.Cast<byte, int>(page.AsSpan(0, 2 * sizeof(int)));
        entries = MemoryMarshal.Cast<byte, ReorderEntry>(page.AsSpan(2 * sizeof(int)))[..sizes[0]];
        bytes = page.AsSpan(2 * sizeof(int) + MemoryMarshal.AsBytes(entries).Length, sizes[1]);
        return page;
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        if (Entries.Length > 0) ArrayPool<ReorderEntry>.Shared.Return(Entries);
        if (Bytes.Length > 0) ArrayPool<byte>.Shared.Return(Bytes);
        Entries = [];
        Bytes = [];
        Count = BytesUsed = 0;
    }

    private static void Grow<T>(ref T[] array, int used, int needed)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, Math.Max(64, array.Length * 2)));
        array.AsSpan(0, used).CopyTo(larger);
        if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}
