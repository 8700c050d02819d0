using System.Reflection;
using System.Runtime.Intrinsics.X86;
using FASTER.core;

namespace Pipeline.Blocks.Joining;

/// <summary>Brings buckets of a FASTER index into the processor's cache before they are asked for.</summary>
/// <remarks>
/// An index of hundreds of mebibytes is hit at random, and each hit waits for memory; asked for some events ahead, the waits overlap. FASTER offers no such call: where its
/// index lies is read from its fields, once. It is never moved, for the index is never grown. Should the fields be others, nothing is brought ahead, and nothing else
/// changes: <c>IndexPrefetchTests</c> says whether they are as expected. Duty of the unsafe code: an address is only hinted at, never read; a hint cannot fault.
/// Threading: any. Source of the layout: FASTER 2.6.5, <c>FASTERBase.cs</c> (<c>InternalHashTable</c>: 64-byte buckets, number = low bits of the hash).
/// </remarks>
internal sealed unsafe class IndexPrefetch
{
    private const int BucketBits = 6;

    private readonly byte* _buckets;
    private readonly ulong _mask;

    /// <summary>Finds the index of a store.</summary>
    public IndexPrefetch(FasterBase store)
    {
        const BindingFlags inside = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
        if (!Sse.IsSupported) return;
        if (typeof(FasterBase).GetField("state", inside)?.GetValue(store) is not Array { Length: 2 } versions || versions.GetValue(0) is not { } table) return;
        if (table.GetType().GetField("tableAligned", inside)?.GetValue(table) is not Pointer address) return;
        if (table.GetType().GetField("size_mask", inside)?.GetValue(table) is not long mask) return;
        _buckets = (byte*)Pointer.Unbox(address);
        _mask = (ulong)mask;
    }

    /// <summary>Whether the index was found.</summary>
    public bool IsActive => _buckets != null;

    /// <summary>Buckets of the index found.</summary>
    public long Buckets => IsActive ? (long)_mask + 1 : 0;

    /// <summary>Hints at the bucket of a key with this hash.</summary>
    public void Hint(long hash)
    {
        if (_buckets != null) Sse.Prefetch0(_buckets + (((ulong)hash & _mask) << BucketBits));
    }
}
