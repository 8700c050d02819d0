using System.Numerics;

namespace Pipeline.Blocks.Joining;

/// <summary>Keeps chunks and entries of emptied buckets for the next to fill, so that waiting events cost no allocation and no fresh page of memory.</summary>
/// <remarks>Threading: one thread. Memory: what is idle counts against the buffer's budget, which lets go of it first.</remarks>
internal sealed class ChunkPool
{
    /// <summary>Bytes of the largest chunk that is kept.</summary>
    public const int ChunkBytes = 1 << ChunkBits;

    /// <summary>Bits of an offset in a chunk.</summary>
    public const int ChunkBits = 16;

    // Under a slice of few events, of which a long out-of-orderness has many.
    private const int SmallestBytes = 1 << 10;
    private const int FewestEntries = 16;
    private const int MostEntryBits = 20;

    private readonly IdleArrays<byte> _chunks = new(ChunkBits);
    private readonly IdleArrays<ReorderEntry> _entries = new(MostEntryBits);
    private readonly List<byte[]> _lent = [];
    private ReorderSnapshot? _lentTo;

    /// <summary>Bytes of what is idle.</summary>
    public long IdleBytes => _chunks.Bytes + _entries.Bytes;

    /// <summary>The next chunk of a bucket; its content is anything.</summary>
    /// <param name="held">Bytes of the bucket's chunks: it gets about as many again, up to <see cref="ChunkBytes"/>, so that little of a bucket is empty.</param>
    /// <param name="needed">Bytes of the event that needs it; a larger one gets a chunk of its own, which is not kept.</param>
    public byte[] Rent(long held, int needed)
    {
        if (_lentTo is { IsOver: true }) TakeLentSlow();
        if (needed > ChunkBytes) return GC.AllocateUninitializedArray<byte>(needed);
        int least = BitsFor(Math.Max(needed, SmallestBytes));
        return _chunks.Rent(BitsFor((int)Math.Max(needed, Math.Clamp(held, SmallestBytes, ChunkBytes))), least);
    }

    /// <summary>Takes a chunk back.</summary>
    public void Return(byte[] chunk) => _chunks.Return(chunk);

    /// <summary>Takes back, when it is over, what a snapshot may still read. There is one snapshot at a time.</summary>
    public void Return(List<byte[]> chunks, ReorderSnapshot reader)
    {
        if (_lentTo != reader) TakeLentSlow();
        _lentTo = reader;
        _lent.AddRange(chunks);
    }

    /// <summary>Twice as many entries or more, with the same content; the fewer go back.</summary>
    public ReorderEntry[] Grow(ReorderEntry[] entries)
    {
        int bits = BitsFor(Math.Max(entries.Length * 2, FewestEntries));
        ReorderEntry[] larger = _entries.Rent(bits, leastBits: bits);
        entries.CopyTo(larger, 0);
        _entries.Return(entries);
        return larger;
    }

    /// <summary>Takes entries back.</summary>
    public void Return(ReorderEntry[] entries) => _entries.Return(entries);

    /// <summary>Lets go of so many idle bytes, or of all there are.</summary>
    public void LetGo(long bytes)
    {
        long before = _chunks.Bytes;
        _chunks.LetGo(bytes);
        _entries.LetGo(bytes - (before - _chunks.Bytes));
    }

    private static int BitsFor(int length) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)length));

    private void TakeLentSlow()
    {
        _lentTo = null;
        foreach (byte[] chunk in _lent) Return(chunk);
        _lent.Clear();
    }
}
