using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>One event that a salt passes on, or several of one key, stream and millisecond in one: the first in the order, and how many more.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct SaltedEntry
{
    /// <summary>Event time, ms.</summary>
    public long Time;

    /// <summary>The join key's hash.</summary>
    public KeyHash Key;

    /// <summary>Its <see cref="WaitingHead"/>, key, id and payload in <see cref="SaltBatch.Bytes"/>.</summary>
    public int Start, Length;

    /// <summary>See <see cref="ReorderEntry"/>.</summary>
    public short Rank, Also;
}

/// <summary>What a salt sends its lane: condensed events in the contract's order, the watermark they are below, and what it has counted; or a barrier.</summary>
/// <remarks>Ownership: the lane's, which returns it to the pool. Threading: one owner at a time.</remarks>
/// <param name="ranks">1 + number of action streams.</param>
public sealed class SaltBatch(int ranks) : LaneBatch
{
    private int _input;

    /// <summary>The entries.</summary>
    public SaltedEntry[] Entries = new SaltedEntry[256];

    /// <summary>Entries used.</summary>
    public int EntryCount;

    /// <summary>The entries' bytes.</summary>
    public byte[] Bytes = new byte[16 << 10];

    /// <summary>Bytes used.</summary>
    public int BytesUsed;

    /// <summary>Events that the entries stand for and those dropped as duplicates, by rank.</summary>
    public long[] Taken { get; } = new long[ranks];

    /// <summary>Duplicates, by rank.</summary>
    public long[] Duplicates { get; } = new long[ranks];

    /// <summary>With a barrier that asks for a snapshot: the events that wait in the salt, as they came.</summary>
    internal ReorderSnapshot? Waiting;

    /// <summary>Event time and arrival of an event that the salt was given last; <see cref="SourcePartition.NoTime"/> for none.</summary>
    public (long Time, long At) Arrived = (SourcePartition.NoTime, SourcePartition.NoTime);

    /// <inheritdoc/>
    public override int Input => _input;

    /// <summary>Says which salt it comes from.</summary>
    /// <param name="salt">0 up.</param>
    public void From(int salt) => _input = 1 + salt;

    /// <summary>Appends an event, copying its bytes.</summary>
    /// <param name="entry">The event as it waited.</param>
    /// <param name="head">Its head.</param>
    /// <param name="key">Encoded key.</param>
    /// <param name="id">Event id.</param>
    /// <param name="payload">Payload.</param>
    public void Add(in ReorderEntry entry, WaitingHead head, ReadOnlySpan<byte> key, ReadOnlySpan<byte> id, ReadOnlySpan<byte> payload)
    {
        (head.IdLength, head.PayloadLength) = (id.Length, payload.Length);
        int length = WaitingHead.Bytes + key.Length + id.Length + payload.Length;
        if (BytesUsed + length > Bytes.Length) Array.Resize(ref Bytes, Math.Max(BytesUsed + length, Bytes.Length * 2));
        if (EntryCount == Entries.Length) Array.Resize(ref Entries, EntryCount * 2);
        Span<byte> target = Bytes.AsSpan(BytesUsed, length);
        MemoryMarshal.Write(target, head);
        key.CopyTo(target[WaitingHead.Bytes..]);
        id.CopyTo(target[(WaitingHead.Bytes + key.Length)..]);
        payload.CopyTo(target[(WaitingHead.Bytes + key.Length + id.Length)..]);
        Entries[EntryCount++] = new SaltedEntry { Time = entry.Time, Key = entry.Key, Rank = entry.Rank, Start = BytesUsed, Length = length };
        BytesUsed += length;
    }

    /// <summary>The encoded key of an entry.</summary>
    public ReadOnlySpan<byte> KeyOf(in SaltedEntry entry)
    {
        ReadOnlySpan<byte> bytes = Bytes.AsSpan(entry.Start, entry.Length);
        return bytes.Slice(WaitingHead.Bytes, MemoryMarshal.Read<WaitingHead>(bytes).KeyLength);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        EntryCount = BytesUsed = 0;
        Waiting = null;
        Arrived = (SourcePartition.NoTime, SourcePartition.NoTime);
        Array.Clear(Taken);
        Array.Clear(Duplicates);
    }
}
