using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>What an entry of the window log stands for.</summary>
public enum LogEntryKind : byte
{
    /// <summary>It opened a window; fired when the window ends.</summary>
    Window,

    /// <summary>The first exposure of a window that an action opened.</summary>
    Anchor,

    /// <summary>An action kept, for its dead letter, until its window has an exposure.</summary>
    KeptAction,
}

/// <summary>Head of an entry in the window log; the encoded key and the payload follow it.</summary>
/// <remarks>Blittable: written and read as its own bytes, also across a restart on the same machine type.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct LogEntry
{
    /// <summary>The join key's hash.</summary>
    public KeyHash Key;

    /// <summary>Event time, ms; for <see cref="LogEntryKind.Window"/> the window's start.</summary>
    public long Time;

    /// <summary>For <see cref="LogEntryKind.KeptAction"/>: address of the window's previous kept action, -1 for none.</summary>
    public long Previous;

    /// <summary>Position and timestamp at the source.</summary>
    public long Offset, Timestamp;

    /// <summary>Index of the source partition.</summary>
    public int Partition;

    /// <summary>Bytes of the encoded key and of the payload behind it.</summary>
    public int KeyLength, PayloadLength;

    /// <summary>Stream of the event.</summary>
    public byte Stream;

    /// <summary>What it stands for.</summary>
    public LogEntryKind Kind;

    /// <summary>Bytes of this head.</summary>
    public static readonly int HeadBytes = Unsafe.SizeOf<LogEntry>();

    /// <summary>Bytes of the whole entry, rounded up so that heads stay aligned.</summary>
    public readonly int TotalBytes => (HeadBytes + KeyLength + PayloadLength + 7) & ~7;
}
