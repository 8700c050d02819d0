using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Joining;

/// <summary>The waiting events of a bucket as one page of a spill file: two counts, the entries, and behind them the events' bytes, on which the entries' starts count.</summary>
internal static class SpilledEvents
{
    private const int HeadBytes = 2 * sizeof(int);

    /// <summary>Bytes of an event whose head these begin with.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        WaitingHead head = MemoryMarshal.Read<WaitingHead>(bytes);
        return WaitingHead.Bytes + head.KeyLength + head.IdLength + head.PayloadLength;
    }

    /// <summary>Bytes of a page.</summary>
    /// <param name="entries">Its events.</param>
    /// <param name="bytes">Bytes of them.</param>
    public static int PageBytes(int entries, int bytes) => HeadBytes + (entries * Unsafe.SizeOf<ReorderEntry>()) + bytes;

    /// <summary>Lays out a page; returns the part of it that is used.</summary>
    public static ReadOnlySpan<byte> Write(Span<byte> page, ReadOnlySpan<ReorderEntry> entries, ReadOnlySpan<byte[]> chunks)
    {
        Span<ReorderEntry> moved = MemoryMarshal.Cast<byte, ReorderEntry>(page[HeadBytes..])[..entries.Length];
        Span<byte> bytes = page[PageBytes(entries.Length, 0)..];
        int used = 0;
        for (int at = 0; at < entries.Length; at++)
        {
            ReadOnlySpan<byte> from = ReorderBucket.BytesAt(chunks, entries[at].Start);
            int length = LengthOf(from);
            from[..length].CopyTo(bytes[used..]);
            moved[at] = entries[at];
            moved[at].Start = used;
            used += length;
        }
        MemoryMarshal.Cast<byte, int>(page)[0] = entries.Length;
        MemoryMarshal.Cast<byte, int>(page)[1] = used;
        return page[..PageBytes(entries.Length, used)];
    }

    /// <summary>Reads a page into a pooled array, which the caller gives back; the slices lie in it.</summary>
    public static byte[] Read(PageFile file, long number, out ReadOnlySpan<ReorderEntry> entries, out ReadOnlySpan<byte> bytes)
    {
        int length = file.LengthOf(number);
        byte[] page = ArrayPool<byte>.Shared.Rent(length);
        file.Read(number, page.AsSpan(0, length));
        ReadOnlySpan<int> counts = MemoryMarshal.Cast<byte, int>(page.AsSpan(0, HeadBytes));
        entries = MemoryMarshal.Cast<byte, ReorderEntry>(page.AsSpan(HeadBytes))[..counts[0]];
        bytes = page.AsSpan(PageBytes(counts[0], 0), counts[1]);
        return page;
    }
}
