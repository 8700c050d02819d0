using FASTER.core;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

/// <summary>The index is found in the fields of the FASTER that is referenced, and is what it is taken for.</summary>
[TestClass]
public sealed unsafe class FasterIndexTests
{
    private const int Entries = 7;
    private const int KeyOffset = 8;

    [TestMethod]
    [DataRow(1 << 10)]
    [DataRow(1 << 16)]
    public void Index_IsFound_WithAllItsBuckets(int buckets)
    {
        using var device = new NullDevice();
        using FasterKV<long, long> store = Store(buckets, device);

        var index = new FasterIndex(store);

        Assert.IsTrue(index.IsActive);
        Assert.AreEqual(buckets, index.Buckets);
        foreach (long hash in new[] { 0L, -1L, long.MinValue, long.MaxValue })
        {
            index.Hint(hash);
            index.HintBehind(hash, head: 0);
        }
    }

    [TestMethod]
    public void Bucket_LeadsToTheKeysRecord()
    {
        using var device = new NullDevice();
        using FasterKV<long, long> store = Store(1 << 10, device);
        Put(store, Enumerable.Range(1, 500).Select(static i => (long)i));
        var index = new FasterIndex(store);

        for (long key = 1; key <= 500; key++)
        {
            long record = index.RecordOf(Comparer.Hash(key));
            Assert.IsGreaterThan(0L, record);
            Assert.AreEqual(key, *(long*)(index.MemoryOf(record) + KeyOffset));
        }
        Assert.AreEqual(0, index.ContinuationOf(Comparer.Hash(1)));
        Assert.AreEqual(0, index.RecordOf(Comparer.Hash(501)));
    }

    [TestMethod]
    public void FullBucket_LeadsToItsContinuation()
    {
        using var device = new NullDevice();
        using FasterKV<long, long> store = Store(1 << 10, device);
        long[] sameBucket = [.. Enumerable.Range(1, 10_000).Select(static i => (long)i).Where(static key => (Comparer.Hash(key) & ((1 << 10) - 1)) == 0).Take(Entries + 1)];
        Put(store, sameBucket);
        var index = new FasterIndex(store);

        nint next = index.ContinuationOf(Comparer.Hash(sameBucket[0]));

        Assert.AreNotEqual(0, next);
        long record = *(long*)next & ((1L << 48) - 1);
        Assert.AreEqual(sameBucket[^1], *(long*)(index.MemoryOf(record) + KeyOffset));
        Assert.AreEqual(0, index.RecordOf(Comparer.Hash(sameBucket[^1])));
        Assert.AreEqual(record, index.NewestOf(Comparer.Hash(sameBucket[^1])));
        Assert.AreEqual(index.RecordOf(Comparer.Hash(sameBucket[0])), index.NewestOf(Comparer.Hash(sameBucket[0])));
    }

    private static FasterKV<long, long> Store(int buckets, NullDevice device) =>
        new(buckets, new LogSettings { LogDevice = device, PageSizeBits = 12, MemorySizeBits = 16 }, comparer: new Comparer());

    private static void Put(FasterKV<long, long> store, IEnumerable<long> keys)
    {
        using ClientSession<long, long, long, long, Empty, SimpleFunctions<long, long, Empty>> session = store.For(new SimpleFunctions<long, long, Empty>()).NewSession<SimpleFunctions<long, long, Empty>>();
        foreach (long key in keys) session.Upsert(key, -key);
    }

    private sealed class Comparer : IFasterEqualityComparer<long>
    {
        /// <summary>2^64 / golden ratio, twice: spreads small numbers over all bits.</summary>
        public static long Hash(long key)
        {
            ulong spread = (ulong)key * 0x9E3779B97F4A7C15;
            return (long)((spread ^ (spread >> 32)) * 0x9E3779B97F4A7C15);
        }

        public bool Equals(ref long k1, ref long k2) => k1 == k2;

        public long GetHashCode64(ref long k) => Hash(k);
    }
}
