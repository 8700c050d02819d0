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

    // A snapshot that may still read Bytes; they are only appended to.
    private ReorderSnapshot? _sharedWith;

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
            if (Entries.Length < Count + entries.Length) GrowEntries(Count + entries.Length);
            if (Bytes.Length < BytesUsed + bytes.Length) GrowBytes(BytesUsed + bytes.Length);
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

    /// <summary>Copies the entries, which are sorted later, and lends the bytes to a snapshot. Returns the entries copied.</summary>
    public int LendTo(ReorderSnapshot snapshot, Span<ReorderEntry> entries)
    {
        Entries.AsSpan(0, Count).CopyTo(entries);
        snapshot.Add(Count, Bytes, _spilledPages);
        _sharedWith = snapshot;
        return Count;
    }

    /// <summary>Room for one more event of so many bytes, head included, to be filled in at once.</summary>
    public Span<byte> Append(long time, KeyHash key, int rank, int bytes)
    {
        if (Count == Entries.Length) GrowEntries(Count + 1);
        if (Bytes.Length - BytesUsed < bytes) GrowBytes(BytesUsed + bytes);
        Span<byte> target = Bytes.AsSpan(BytesUsed, bytes);
        Entries[Count++] = new ReorderEntry { Time = time, Key = key, Start = BytesUsed, Rank = rank };
        BytesUsed += bytes;
        return target;
    }

    /// <summary>Reads a spilled page into a pooled array, which the caller gives back; the slices lie in it.</summary>
    public static byte[] ReadPage(PageFile file, long number, out ReadOnlySpan<ReorderEntry> entries, out ReadOnlySpan<byte> bytes)
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
        ReturnBytes();
        Entries = [];
        Bytes = [];
        Count = BytesUsed = 0;
    }

    private void GrowEntries(int needed)
    {
        ReorderEntry[] larger = ArrayPool<ReorderEntry>.Shared.Rent(Math.Max(needed, Math.Max(64, Entries.Length * 2)));
        Entries.AsSpan(0, Count).CopyTo(larger);
        if (Entries.Length > 0) ArrayPool<ReorderEntry>.Shared.Return(Entries);
        Entries = larger;
    }

    private void GrowBytes(int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(64, Bytes.Length * 2)));
        Bytes.AsSpan(0, BytesUsed).CopyTo(larger);
        ReturnBytes();
        Bytes = larger;
    }

    private void ReturnBytes()
    {
        if (Bytes.Length > 0 && _sharedWith is not { IsOver: false }) ArrayPool<byte>.Shared.Return(Bytes);
        _sharedWith = null;
    }
}
