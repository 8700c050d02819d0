using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>Reads waiting events as they lie one behind the other in a chunk of memory and in a page of a spill file: entry, <see cref="WaitingHead"/>, key, id, payload.</summary>
/// <remarks>Ownership: looks at the bytes, copies nothing. An entry's <see cref="ReorderEntry.Start"/> is that of the chunk it was written in; in a page it means nothing.</remarks>
/// <param name="bytes">Whole events.</param>
internal ref struct WaitingEvents(ReadOnlySpan<byte> bytes)
{
    /// <summary>Bytes of an entry in front of its event's head.</summary>
    public static readonly int EntryBytes = Unsafe.SizeOf<ReorderEntry>();

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>What the event is sorted by.</summary>
    public ReorderEntry Entry;

    /// <summary>The event from its head on.</summary>
    public ReadOnlySpan<byte> Content;

    // Events of a stream are about as long as each other, so the head some events on lies about so many lengths on: a wait for memory is longer than reading two heads.
    // One core, medians of four: 19.1 → 18.6 s (perf/results/2026-11-29.md: "What helped"); other distances were not measured.
    private const int Ahead = 4;

    /// <summary>Steps to the next event; false behind the last.</summary>
    public bool TryRead()
    {
        if (_rest.IsEmpty) return false;
        Entry = MemoryMarshal.Read<ReorderEntry>(_rest);
        ReadOnlySpan<byte> content = _rest[EntryBytes..];
        int length = LengthOf(content);
        Content = content[..length];
        CacheHint.Lines(_rest, Ahead * (EntryBytes + length), 1);
        _rest = content[length..];
        return true;
    }

    /// <summary>Bytes of an event whose head these begin with.</summary>
    public static int LengthOf(ReadOnlySpan<byte> content)
    {
        WaitingHead head = MemoryMarshal.Read<WaitingHead>(content);
        return WaitingHead.Bytes + head.KeyLength + head.IdLength + head.PayloadLength;
    }
}
