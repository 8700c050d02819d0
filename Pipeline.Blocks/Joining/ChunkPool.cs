using System.Numerics;

namespace Pipeline.Blocks.Joining;

/// <summary>Keeps the chunks of emptied buckets for the next to fill, so that waiting events cost no allocation and no fresh page of memory.</summary>
/// <remarks>Threading: one thread. Memory: what is idle counts against the buffer's budget, which lets go of it first.</remarks>
internal sealed class ChunkPool
{
    /// <summary>Bytes of the largest chunk that is kept.</summary>
    public const int ChunkBytes = 1 << ChunkBits;

    /// <summary>Bits of an offset in a chunk.</summary>
    public const int ChunkBits = 16;

    // Under a slice of few events, of which a long out-of-orderness has many.
    private const int SmallestBytes = 1 << 10;

    // By the logarithm of their length.
    private readonly Stack<byte[]>[] _idle = [.. Enumerable.Range(0, ChunkBits + 1).Select(static _ => new Stack<byte[]>())];

    private readonly List<byte[]> _lent = [];
    private ReorderSnapshot? _lentTo;

    /// <summary>Bytes of idle chunks.</summary>
    public long IdleBytes { get; private set; }

    /// <summary>The next chunk of a bucket; its content is anything.</summary>
    /// <param name="held">Bytes of the bucket's chunks: it gets as many again, up to <see cref="ChunkBytes"/>, so that at most half of a bucket is empty.</param>
    /// <param name="needed">Bytes of the event that needs it; a larger one gets a chunk of its own, which is not kept.</param>
    public byte[] Rent(long held, int needed)
    {
        if (_lentTo is { IsOver: true }) TakeLentSlow();
        if (needed > ChunkBytes) return GC.AllocateUninitializedArray<byte>(needed);
        int bits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, Math.Clamp(held, SmallestBytes, ChunkBytes))));
        if (!_idle[bits].TryPop(out byte[]? chunk)) return GC.AllocateUninitializedArray<byte>(1 << bits);
        IdleBytes -= chunk.Length;
        return chunk;
    }

    /// <summary>Takes a chunk back.</summary>
    public void Return(byte[] chunk)
    {
        if (chunk.Length > ChunkBytes) return;
        _idle[BitOperations.Log2((uint)chunk.Length)].Push(chunk);
        IdleBytes += chunk.Length;
    }

    /// <summary>Takes back, when it is over, what a snapshot may still read. There is one snapshot at a time.</summary>
    public void Return(List<byte[]> chunks, ReorderSnapshot reader)
    {
        if (_lentTo != reader) TakeLentSlow();
        _lentTo = reader;
        _lent.AddRange(chunks);
    }

    private void TakeLentSlow()
    {
        _lentTo = null;
        foreach (byte[] chunk in _lent) Return(chunk);
        _lent.Clear();
    }

    /// <summary>Lets go of all idle chunks.</summary>
    public void Trim()
    {
        foreach (Stack<byte[]> chunks in _idle) chunks.Clear();
        IdleBytes = 0;
    }
}
