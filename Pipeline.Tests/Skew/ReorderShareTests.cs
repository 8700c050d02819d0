using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Skew;

[TestClass]
public sealed class ReorderShareTests
{
    [TestMethod]
    public void Buffer_MayTakeWhatTheOthersLeave_AndAlwaysAPartOfItsOwn()
    {
        using var folder = new TempFolder();
        using var lane = new ReorderBuffer(1, 0, folder["lane"], null);
        using var salt = new ReorderBuffer(1, 1 << 20, folder["salt"], null);
        var sut = new ReorderShare(100_000, buffers: 2);

        sut.Divide(0, lane);
        Assert.AreEqual(100_000, lane.Budget);

        Fill(salt, 100);
        sut.Divide(1, salt);
        sut.Divide(0, lane);
        Assert.AreEqual(100_000 - salt.WaitingBytes, lane.Budget);

        Fill(salt, 2_000);
        Assert.IsGreaterThan(100_000, salt.MemoryBytes);
        sut.Divide(1, salt);
        sut.Divide(0, lane);
        Assert.AreEqual(25_000, lane.Budget);
        Assert.AreEqual(100_000, salt.Budget);
    }

    private static void Fill(ReorderBuffer buffer, int events)
    {
        RecordBatch batch = ParsedBatch.Of(ParsedBatch.Partition(), [.. Enumerable.Range(0, events).Select(i => new TestEvent(0, "k", 1_000 + i, $"{i}"))]);
        buffer.Budget = 1 << 20;
        for (int i = 0; i < events; i++) buffer.Add(batch.Events[i], 0, batch);
    }
}
