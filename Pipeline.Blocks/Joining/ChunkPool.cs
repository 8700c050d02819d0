using System.Numerics;

namespace Pipeline.Blocks.Joining;

/// <summary>Keeps the chunks of emptied buckets for the next to fill, so that waiting events cost no allocation and no fresh page of memory.</summary>
/// <remarks>
/// Nearly all chunks are of two sizes, and each stands in for the other where only that is idle: with a size for every need what events left was seldom of the sizes that the next
/// ones asked for: half of what a whole run allocated where events were at their budget (perf/results/2026-11-28.md).
/// Threading: one thread. Memory: what is idle counts against the buffer's budget, which lets go of it first.
/// </remarks>
internal sealed class ChunkPool
{
    /// <summary>Bits of an offset in a chunk at which an event may begin.</summary>
    public const int StartBits = 13;

    // The first chunk of a bucket, for a slice of few events, of which a long out-of-orderness has many; and each one behind it.
    private const int FirstBits = 11;
    private const int MoreBits = StartBits;

    // An event that is longer than a chunk gets one of its own: kept up to here.
    private const int LargestBits = 16;

    private readonly Stack<byte[]>[] _idle = [.. Enumerable.Range(0, LargestBits + 1).Select(static _ => new Stack<byte[]>())];
    private readonly List<byte[]> _lent = [];
    private ReorderSnapshot? _lentTo;

    /// <summary>Bytes of what is idle.</summary>
    public long IdleBytes { get; private set; }

    /// <summary>The next chunk of a bucket; its content is anything.</summary>
    /// <param name="isFirst">The bucket has none yet.</param>
    /// <param name="needed">Bytes of the event that needs it.</param>
    public byte[] Rent(bool isFirst, int needed)
    {
        if (_lentTo is { IsOver: true }) TakeLentSlow();
        if (needed > 1 << LargestBits) return GC.AllocateUninitializedArray<byte>(needed);
        int least = BitsFor(needed), best = Math.Max(least, isFirst ? FirstBits : MoreBits);
        // A larger one would be used in part only: events begin in its first 2^13 bytes.
        for (int bits = best; bits <= Math.Max(best, MoreBits); bits++)
            if (_idle[bits].Count > 0) return Take(bits);
        for (int bits = best - 1; bits >= Math.Max(least, FirstBits); bits--)
            if (_idle[bits].Count > 0) return Take(bits);
        return GC.AllocateUninitializedArray<byte>(1 << best);
    }

    /// <summary>Takes a chunk back; one of an event that is too long is let go of.</summary>
    public void Return(byte[] chunk)
    {
        if (chunk.Length > 1 << LargestBits) return;
        _idle[BitsFor(chunk.Length)].Push(chunk);
        IdleBytes += chunk.Length;
    }

    /// <summary>Takes back, when it is over, what a snapshot may still read. There is one snapshot at a time.</summary>
    public void Return(List<byte[]> chunks, ReorderSnapshot reader)
    {
        if (_lentTo != reader) TakeLentSlow();
        _lentTo = reader;
        _lent.AddRange(chunks);
    }

    /// <summary>Lets go of so many idle bytes or more, as far as there are; each from the size of which most is idle, for it is least in need.</summary>
    public void LetGo(long bytes)
    {
        for (long least = IdleBytes - bytes; IdleBytes > 0 && IdleBytes > least;)
        {
            int most = FirstBits;
            for (int bits = FirstBits + 1; bits <= LargestBits; bits++)
                if ((long)_idle[bits].Count << bits > (long)_idle[most].Count << most) most = bits;
            Take(most);
        }
    }

    private byte[] Take(int bits)
    {
        IdleBytes -= 1L << bits;
        return _idle[bits].Pop();
    }

    private static int BitsFor(int length) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)length));

    private void TakeLentSlow()
    {
        _lentTo = null;
        foreach (byte[] chunk in _lent) Return(chunk);
        _lent.Clear();
    }
}
