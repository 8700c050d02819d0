namespace Pipeline.Blocks.Records;

/// <summary>A closed window that is to become a sample. Slices are of its batch's <see cref="SampleBatch.Bytes"/>.</summary>
public struct ClosedWindow
{
    /// <summary>The join key's hash.</summary>
    public KeyHash Key;

    /// <summary>Window start, ms. Its end is start + W.</summary>
    public long Start;

    /// <summary>Exposures merged, duplicates not counted.</summary>
    public uint Exposures;

    /// <summary>0, or which correction this is.</summary>
    public uint Revision;

    /// <summary>The encoded key.</summary>
    public int KeyStart, KeyLength;

    /// <summary>Payload of the first exposure.</summary>
    public int PayloadStart, PayloadLength;

    /// <summary>Position of the first exposure, for the dead letter of an invalid sample.</summary>
    public int Partition;

    /// <summary>See <see cref="Partition"/>.</summary>
    public long Offset, Timestamp;
}

/// <summary>Samples of one lane, in its order of emission, on their way to Format; or a barrier.</summary>
/// <remarks>Ownership: one owner at a time; Format returns it to the pool. Cells lie window after window, one for each action stream in the order of the job.</remarks>
/// <param name="actionStreams">Number of action streams: cells a window.</param>
public sealed class SampleBatch(int actionStreams)
{
    /// <summary>Which lane it comes from.</summary>
    public int Lane;

    /// <summary>Keys and payloads.</summary>
    public byte[] Bytes = new byte[64 << 10];

    /// <summary>Bytes used.</summary>
    public int BytesUsed;

    /// <summary>The windows.</summary>
    public ClosedWindow[] Windows = new ClosedWindow[256];

    /// <summary>Windows used.</summary>
    public int Count;

    /// <summary>Action cells, <see cref="ActionStreams"/> a window.</summary>
    public ActionCell[] Cells = new ActionCell[256 * actionStreams];

    /// <summary>Cells a window.</summary>
    public int ActionStreams { get; } = actionStreams;

    /// <summary>When set, this is a barrier and nothing else.</summary>
    public CheckpointBarrier? Barrier;

    /// <summary>The join's watermark under which the windows were closed, or a later one.</summary>
    public long Watermark = SourcePartition.NoTime;

    /// <summary>Id of the last barrier before these windows; 0 for none.</summary>
    public long Behind;

    /// <summary>When they passed the stages.</summary>
    public SampleTimes Times = SampleTimes.None;

    /// <summary>The floors that came with it.</summary>
    public FloorHistory Floors = FloorHistory.Empty;

    /// <summary>The cells of one window.</summary>
    public Span<ActionCell> CellsOf(int window) => Cells.AsSpan(window * ActionStreams, ActionStreams);

    /// <summary>Appends a window with its key and payload; the caller fills the rest and the cells.</summary>
    public ref ClosedWindow Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        int bytes = BytesUsed + key.Length + payload.Length;
        if (bytes > Bytes.Length) Array.Resize(ref Bytes, Math.Max(bytes, Bytes.Length * 2));
        if (Count == Windows.Length)
        {
            Array.Resize(ref Windows, Count * 2);
            Array.Resize(ref Cells, Windows.Length * ActionStreams);
        }
        ref ClosedWindow window = ref Windows[Count++];
        window = default;
        window.KeyStart = BytesUsed;
        window.KeyLength = key.Length;
        window.PayloadStart = BytesUsed + key.Length;
        window.PayloadLength = payload.Length;
        key.CopyTo(Bytes.AsSpan(window.KeyStart));
        payload.CopyTo(Bytes.AsSpan(window.PayloadStart));
        BytesUsed = bytes;
        return ref window;
    }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        BytesUsed = Count = 0;
        Barrier = null;
        Watermark = SourcePartition.NoTime;
        Floors = FloorHistory.Empty;
        Times = SampleTimes.None;
    }
}
