using FASTER.core;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

/// <summary>The index is found in the fields of the FASTER that is referenced.</summary>
[TestClass]
public sealed class IndexPrefetchTests
{
    [TestMethod]
    [DataRow(1 << 10)]
    [DataRow(1 << 16)]
    public void Index_IsFound_WithAllItsBuckets(int buckets)
    {
        using var device = new NullDevice();
        using var store = new FasterKV<long, long>(buckets, new LogSettings { LogDevice = device, PageSizeBits = 12, MemorySizeBits = 14 });

        var index = new IndexPrefetch(store);

        Assert.IsTrue(index.IsActive);
        Assert.AreEqual(buckets, index.Buckets);
        foreach (long hash in new[] { 0L, -1L, long.MinValue, long.MaxValue }) index.Hint(hash);
    }
}
