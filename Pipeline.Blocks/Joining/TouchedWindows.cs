namespace Pipeline.Blocks.Joining;

/// <summary>One bit a window, by ordinal: whether anything but its opening exposure was applied to it.</summary>
/// <remarks>Memory: 8 KiB for 65 536 windows between the oldest open one and the newest. Threading: one thread.</remarks>
public sealed class TouchedWindows
{
    private const int BlockBits = 16;
    private const int BlockWords = 1 << BlockBits - 6;

    private readonly Dictionary<long, ulong[]> _blocks = [];
    private ulong[]? _spare;

    /// <summary>Marks a window.</summary>
    public void Set(long ordinal)
    {
        if (!_blocks.TryGetValue(ordinal >> BlockBits, out ulong[]? block))
        {
            block = _spare ?? new ulong[BlockWords];
            _spare = null;
            Array.Clear(block);
            _blocks.Add(ordinal >> BlockBits, block);
        }
        block[WordOf(ordinal)] |= 1UL << (int)(ordinal & 63);
    }

    /// <summary>Whether a window is marked. Asked once for each window, in order: a block goes with its last window.</summary>
    public bool Take(long ordinal)
    {
        if (!_blocks.TryGetValue(ordinal >> BlockBits, out ulong[]? block)) return false;
        bool marked = (block[WordOf(ordinal)] >> (int)(ordinal & 63) & 1) != 0;
        if ((ordinal + 1 & (1 << BlockBits) - 1) == 0)
        {
            _blocks.Remove(ordinal >> BlockBits);
            _spare = block;
        }
        return marked;
    }

    /// <summary>Writes the marks into a snapshot.</summary>
    public void Save(SnapshotWriter snapshot)
    {
        snapshot.Write(_blocks.Count);
        foreach ((long number, ulong[] block) in _blocks)
        {
            snapshot.Write(number);
            snapshot.WriteMany<ulong>(block);
        }
    }

    /// <summary>Takes the marks of a snapshot into an empty set.</summary>
    public void Load(SnapshotReader snapshot)
    {
        for (int left = snapshot.Read<int>(); left > 0; left--)
            _blocks.Add(snapshot.Read<long>(), snapshot.ReadMany<ulong>());
    }

    private static int WordOf(long ordinal) => (int)(ordinal >> 6) & BlockWords - 1;
}
