using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Skew;

/// <summary>A lane goes by the slowest of its inputs, but waits for no salt that has nothing.</summary>
[TestClass]
public sealed class LaneInputsTests
{
    private readonly LaneInputs _sut = new(salts: 2);

    [TestMethod]
    public void SaltsThatWereSentNothing_HoldNobody()
    {
        Bring(new LaneBatch { Watermark = 100 });

        Assert.AreEqual(100, _sut.Watermark);
    }

    [TestMethod]
    public void SaltThatIsBehindPartition_HoldsTheLaneAtItsOwnWatermark()
    {
        Bring(new LaneBatch { Watermark = 100, Turn = 1 });
        Assert.AreEqual(SourcePartition.NoTime, _sut.Watermark);

        Bring(Salt(0, turn: 1, watermark: 100));
        Bring(Salt(1, turn: 0, watermark: 60));
        Assert.AreEqual(60, _sut.Watermark);

        Bring(Salt(1, turn: 1, watermark: 100));
        Assert.AreEqual(100, _sut.Watermark);
    }

    [TestMethod]
    public void SaltsAheadOfPartition_DoNotMoveTheLane()
    {
        Bring(Salt(0, turn: 1, watermark: 100));
        Bring(Salt(1, turn: 1, watermark: 100));
        Assert.AreEqual(SourcePartition.NoTime, _sut.Watermark);

        Bring(new LaneBatch { Watermark = 40 });
        Assert.AreEqual(40, _sut.Watermark);
    }

    [TestMethod]
    public void SaltsThatHaveAnsweredLongAgo_DoNotHoldTheLane()
    {
        Bring(new LaneBatch { Watermark = 100, Turn = 1 });
        Bring(Salt(0, turn: 1, watermark: 100));
        Bring(Salt(1, turn: 1, watermark: 100));

        Bring(new LaneBatch { Watermark = 900, Turn = 1 });

        Assert.AreEqual(900, _sut.Watermark);
    }

    [TestMethod]
    public void Barrier_PassesWhenItHasComeByAllInputs_AndWhatIsBehindItIsHeldUntilThen()
    {
        var barrier = new CheckpointBarrier(1);
        Bring(Salt(0, turn: 1, barrier: barrier));
        var behind = Salt(0, turn: 2, watermark: 70);
        _sut.Take(behind);
        Assert.IsFalse(_sut.TryNext(out _));
        Assert.IsFalse(_sut.TryPass(out _, out _));
        Bring(new LaneBatch { Turn = 1, Barrier = barrier });
        Assert.IsFalse(_sut.TryPass(out _, out _));
        Bring(Salt(1, turn: 1, barrier: barrier));

        Assert.IsTrue(_sut.TryPass(out CheckpointBarrier passed, out IReadOnlyList<ReorderSnapshot> waiting));

        Assert.AreSame(barrier, passed);
        Assert.IsEmpty(waiting);
        Assert.IsFalse(_sut.TryPass(out _, out _));
        Assert.IsTrue(_sut.TryNext(out LaneBatch next));
        Assert.AreSame(behind, next);
    }

    private void Bring(LaneBatch batch)
    {
        _sut.Take(batch);
        Assert.IsTrue(_sut.TryNext(out LaneBatch next));
        Assert.AreSame(batch, next);
        _sut.Note(next);
    }

    private static SaltBatch Salt(int salt, long turn, long watermark = SourcePartition.NoTime, CheckpointBarrier? barrier = null)
    {
        var batch = new SaltBatch(2) { Turn = turn, Watermark = watermark, Barrier = barrier };
        batch.From(salt);
        return batch;
    }
}
