using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Records;

[TestClass]
public sealed class RecordBatchPoolTests
{
    [TestMethod]
    public void AsManyBatchesAreKept_AsAStopOfTheFlowSetsFree()
    {
        int kept = new ParallelismOptions { Lanes = 16 }.RecordBatches;
        var pool = new RecordBatchPool { Keep = kept };
        RecordBatch[] flowing = [.. Enumerable.Range(0, kept + 1).Select(_ => pool.Rent())];

        foreach (RecordBatch batch in flowing) batch.Release();
        RecordBatch[] again = [.. Enumerable.Range(0, kept + 1).Select(_ => pool.Rent())];

        Assert.HasCount(kept, again.Intersect(flowing).ToArray());
    }

    [TestMethod]
    public void BatchWithAHugeRecord_IsLetGo()
    {
        var pool = new RecordBatchPool(maxBytes: 1 << 20);
        RecordBatch huge = pool.Rent();
        huge.EnsureBytes((1 << 20) + 1);

        huge.Release();

        Assert.AreNotSame(huge, pool.Rent());
    }
}
