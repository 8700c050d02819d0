using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>What a waiting event is sorted by; its bytes lie in its bucket.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct ReorderEntry
{
    /// <summary>Event time, ms.</summary>
    public long Time;

    /// <summary>The join key's hash.</summary>
    public KeyHash Key;

    /// <summary>Where it lies itself, its event behind it: the chunk of its bucket above <see cref="ChunkPool.StartBits"/> bits of offset.</summary>
    public int Start;

    /// <summary>0 for the exposure stream, else 1 + the number of its action stream: exposures before actions, then the order of the job.</summary>
    public short Rank;

    /// <summary>Of an entry that a salt made: how many more events it stands for, all of its time, key and rank, and behind it in the order. Else <see cref="Plain"/>.</summary>
    public short Also;

    /// <summary>The entry is one event as it arrived.</summary>
    public const short Plain = -1;

    /// <summary>Most that <see cref="Also"/> can say.</summary>
    public const short MostAlso = short.MaxValue;

    /// <summary>Events it stands for.</summary>
    public readonly int Events => Also == Plain ? 1 : Also + 1;
}

/// <summary>In front of a waiting event's key, id and payload.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct WaitingHead
{
    /// <summary>Position and timestamp at the source.</summary>
    public long Offset, Timestamp;

    /// <summary>Index of the source partition.</summary>
    public int Partition;

    /// <summary>Bytes of the encoded key, the event id and the payload, which follow in this order.</summary>
    public int KeyLength, IdLength, PayloadLength;

    /// <summary>Bytes of the head itself.</summary>
    public const int Bytes = 32;
}
