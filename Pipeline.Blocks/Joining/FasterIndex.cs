using System.Reflection;
using System.Runtime.Intrinsics.X86;
using FASTER.core;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// A look into the index of a FASTER store: where a key's record is, and what a lookup will read brought into the processor's cache before, first the bucket, then what the bucket leads to.
/// </summary>
/// <remarks>
/// An index of hundreds of mebibytes is hit at random, and each hit waits for memory; asked for some events ahead, the waits overlap. With more windows than the index has room for (most of them
/// on disk) a bucket goes on in another one, which is the next wait, and a record in memory is one more. FASTER offers no such call: where its parts lie is read from its fields, once.
/// They are never moved, for the index is never grown. Should the fields be others, less or nothing is hinted at, and nothing told (<see cref="IsActive"/>): <c>FasterIndexTests</c> says whether they are, and mean, what is expected.
/// Threading: the store's. Duty of the unsafe code: buckets are read, which are FASTER's as long as the store lives, by the thread that alone changes them; every other address is only hinted at,
/// never read, and a hint cannot fault. Source of the layout: FASTER 2.6.5, <c>FASTERBase.cs</c> (<c>InternalHashTable</c>, <c>HashBucket</c>, <c>Constants</c>) and <c>MallocFixedPageSize.cs</c>.
/// </remarks>
internal sealed unsafe class FasterIndex
{
    private const int BucketBits = 6;
    private const int Entries = 7;
    private const ulong AddressMask = (1UL << 48) - 1;
    private const int TagShift = 48;
    private const ulong TagMask = (1UL << 14) - 1;
    private const int HashTagShift = 50;
    private const int OverflowPageBits = 16;

    private readonly byte* _buckets;
    private readonly ulong _mask;
    private readonly IntPtr[] _overflow = [];
    private readonly Func<long, long>? _memoryOf;

    /// <summary>Finds the parts of a store.</summary>
    public FasterIndex(FasterBase store)
    {
        if (Field(typeof(FasterBase), store, "state") is not Array { Length: 2 } versions || versions.GetValue(0) is not { } table) return;
        if (Field(table.GetType(), table, "tableAligned") is not Pointer address || Field(table.GetType(), table, "size_mask") is not long mask) return;
        _buckets = (byte*)Pointer.Unbox(address);
        _mask = (ulong)mask;
        if (Field(typeof(FasterBase), store, "overflowBucketsAllocator") is { } overflow && Field(overflow.GetType(), overflow, "pointers") is IntPtr[] pages) _overflow = pages;
        if (Field(store.GetType(), store, "hlog") is { } log) _memoryOf = log.GetType().GetMethod("GetPhysicalAddress", [typeof(long)]) is { } found && found.ReturnType == typeof(long) ? found.CreateDelegate<Func<long, long>>(log) : null;
    }

    /// <summary>Whether all parts were found.</summary>
    public bool IsActive => _buckets != null && _overflow.Length > 0 && _memoryOf is not null;

    /// <summary>Buckets of the index found.</summary>
    public long Buckets => IsActive ? (long)_mask + 1 : 0;

    /// <summary>Hints at the bucket of a key with this hash.</summary>
    public void Hint(long hash)
    {
        if (Sse.IsSupported && _buckets != null) Sse.Prefetch0(BucketOf(hash));
    }

    /// <summary>Hints at what the bucket, which was hinted at before, leads to: a record in memory that may be the key's, and the bucket's continuation.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="head">Address from which on the log is in memory.</param>
    public void HintBehind(long hash, long head)
    {
        if (!Sse.IsSupported || !IsActive) return;
        long record = RecordOf(hash);
        if (record >= head) Sse.Prefetch0((void*)MemoryOf(record));
        nint next = ContinuationOf(hash);
        if (next != 0) Sse.Prefetch0((void*)next);
    }

    /// <summary>Address in the log of the newest record that may be the key's; 0: none. It may be another key's of the same bucket and tag, and then lead on to the key's.</summary>
    public long NewestOf(long hash)
    {
        for (byte* bucket = BucketOf(hash); bucket != null; bucket = ContinuationOf(bucket))
            if (RecordIn(bucket, hash) is not 0 and long record) return record;
        return 0;
    }

    /// <summary>Address in the log of the newest record in the first bucket that may be the key's; 0: none.</summary>
    internal long RecordOf(long hash) => RecordIn(BucketOf(hash), hash);

    /// <summary>Where the bucket goes on in memory; 0: nowhere.</summary>
    internal nint ContinuationOf(long hash) => (nint)ContinuationOf(BucketOf(hash));

    /// <summary>Where a record of the log that is in memory lies.</summary>
    internal nint MemoryOf(long record) => (nint)_memoryOf!(record);

    private static long RecordIn(byte* at, long hash)
    {
        var bucket = (ulong*)at;
        ulong tag = (ulong)hash >> HashTagShift;
        for (int i = 0; i < Entries; i++)
            if ((bucket[i] >> TagShift & TagMask) == tag && bucket[i] != 0) return (long)(bucket[i] & AddressMask);
        return 0;
    }

    private byte* ContinuationOf(byte* bucket)
    {
        ulong next = ((ulong*)bucket)[Entries] & AddressMask;
        return next == 0 ? null : (byte*)(_overflow[next >> OverflowPageBits] + (nint)((next & ((1UL << OverflowPageBits) - 1)) << BucketBits));
    }

    private byte* BucketOf(long hash) => _buckets + (((ulong)hash & _mask) << BucketBits);

    private static object? Field(Type type, object of, string name) =>
        type.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)?.GetValue(of);
}
