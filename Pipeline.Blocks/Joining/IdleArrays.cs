using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pipeline.Blocks.Joining;

/// <summary>Arrays that no one needs now, by size, for whoever needs one next: lengths are powers of two.</summary>
/// <remarks>Threading: one thread. Memory: what is idle, until <see cref="LetGo"/>.</remarks>
/// <param name="largestBits">Logarithm of the longest that is kept.</param>
internal sealed class IdleArrays<T>(int largestBits) where T : unmanaged
{
    // Up to four times as long, or an eighth: of a bucket no more than that is empty, or made of that many more pieces.
    private const int MostLarger = 2;
    private const int MostSmaller = 3;

    private readonly Stack<T[]>[] _bySize = [.. Enumerable.Range(0, largestBits + 1).Select(static _ => new Stack<T[]>())];

    /// <summary>Bytes of what is idle.</summary>
    public long Bytes { get; private set; }

    /// <summary>An array of 2^<paramref name="bits"/>, its content anything; or one of another size where those are idle: what events left is seldom of the sizes that the next ones ask for.</summary>
    /// <param name="bits">Logarithm of the length that is best.</param>
    /// <param name="leastBits">Logarithm of the least length that will do.</param>
    public T[] Rent(int bits, int leastBits)
    {
        for (int larger = bits; larger <= Math.Min(bits + MostLarger, largestBits); larger++)
            if (TryTake(larger, out T[]? array)) return array;
        for (int smaller = Math.Min(bits - 1, largestBits); smaller >= Math.Max(bits - MostSmaller, leastBits); smaller--)
            if (TryTake(smaller, out T[]? array)) return array;
        return GC.AllocateUninitializedArray<T>(1 << bits);
    }

    /// <summary>Takes an array back; one that is too long, or empty, is let go of.</summary>
    public void Return(T[] array)
    {
        if (array.Length == 0 || array.Length > 1 << largestBits) return;
        int bits = BitOperations.Log2((uint)array.Length);
        _bySize[bits].Push(array);
        Bytes += BytesOf(bits);
    }

    /// <summary>Lets go of so many bytes or more, as far as there are; each from the size of which most is idle, for it is least in need.</summary>
    public void LetGo(long bytes)
    {
        for (long least = Bytes - bytes; Bytes > 0 && Bytes > least;)
        {
            int most = 0;
            for (int bits = 1; bits <= largestBits; bits++)
                if (_bySize[bits].Count * BytesOf(bits) > _bySize[most].Count * BytesOf(most)) most = bits;
            _bySize[most].Pop();
            Bytes -= BytesOf(most);
        }
    }

    private bool TryTake(int bits, [NotNullWhen(true)] out T[]? array)
    {
        if (!_bySize[bits].TryPop(out array)) return false;
        Bytes -= BytesOf(bits);
        return true;
    }

    private static long BytesOf(int bits) => (long)Unsafe.SizeOf<T>() << bits;
}
