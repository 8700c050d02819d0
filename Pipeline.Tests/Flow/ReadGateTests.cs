using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Flow;

[TestClass]
public sealed class ReadGateTests
{
    private const long Minute = 60_000;
    private const long Ten = 1_764_064_800_000;

    private readonly PartitionDirectory _directory = new();

    [TestMethod]
    public void PartitionAtTheGreatestLead_IsRead_OneAheadOfItIsNot()
    {
        var sut = new ReadGate(_directory, Minute);
        Partition(0, Ten);
        SourcePartition ahead = Partition(1, Ten + Minute);

        Assert.IsTrue(sut.MayRead(ahead));
        Assert.IsFalse(sut.MayResume(ahead, sut.Slowest()), "a pause ends at half the lead");
        ahead.MaxEventTime++;
        Assert.IsFalse(sut.MayRead(ahead));
    }

    [TestMethod]
    public void WhatIsInFlight_CountsToTheLead_AndOfTheSlowestToo()
    {
        var sut = new ReadGate(_directory, Minute);
        SourcePartition slowest = Partition(0, Ten);
        SourcePartition thin = Partition(1, Ten);

        thin.ReadTo = Ten + Minute + 1;
        Assert.IsFalse(sut.MayRead(thin), "its records in the queues lead by more than a minute");
        slowest.ReadTo = Ten + 2 * Minute;
        Assert.IsTrue(sut.MayRead(thin), "the other's do too");
        Assert.IsTrue(sut.MayRead(slowest), "the slowest known: what is in flight of it holds nothing back but itself");
        thin.MaxEventTime = Ten + Minute;
        sut.EnterPressure();
        Assert.IsTrue(sut.MayRead(slowest), "under pressure only what is known counts");
        Assert.IsFalse(sut.MayRead(thin));
    }

    [TestMethod]
    public void PartitionWithoutAnEvent_IsReadFirst()
    {
        var sut = new ReadGate(_directory, Minute);
        SourcePartition other = Partition(0, Ten);
        SourcePartition empty = Partition(1, SourcePartition.NoTime);

        Assert.IsTrue(sut.MayRead(empty));
        Assert.IsFalse(sut.MayRead(other));
    }

    [TestMethod]
    [DataRow(PartitionState.Idle)]
    [DataRow(PartitionState.Ended)]
    public void IdleAndEndedPartitions_HoldNobodyBack(PartitionState state)
    {
        var sut = new ReadGate(_directory, Minute);
        Partition(0, Ten).State = state;

        Assert.IsTrue(sut.MayRead(Partition(1, Ten + 100 * Minute)));
    }

    [TestMethod]
    public void UnderPressure_OnlyTheSlowestIsRead_UntilEveryLaneHasLeft()
    {
        var sut = new ReadGate(_directory, Minute);
        SourcePartition slowest = Partition(0, Ten);
        SourcePartition other = Partition(1, Ten + 1);

        sut.EnterPressure();
        sut.EnterPressure();
        Assert.IsTrue(sut.MayRead(slowest));
        Assert.IsFalse(sut.MayRead(other));

        sut.LeavePressure();
        Assert.IsTrue(sut.UnderPressure, "one lane is still near its budget");
        Assert.IsFalse(sut.MayRead(other));
        sut.LeavePressure();
        Assert.IsFalse(sut.UnderPressure);
        Assert.IsTrue(sut.MayRead(other));
    }

    [TestMethod]
    public void WithoutDriftControl_EverythingIsRead_ExceptUnderPressure()
    {
        var sut = new ReadGate(_directory, ReadGate.NoDriftControl);
        Partition(0, SourcePartition.NoTime);
        SourcePartition other = Partition(1, Ten);

        Assert.IsTrue(sut.MayRead(other), "a partition without an event holds nobody back");
        Assert.IsTrue(sut.MayResume(other, sut.Slowest()));
        sut.EnterPressure();
        Assert.IsFalse(sut.MayRead(other));
    }

    [TestMethod]
    public void UnderPressure_NothingIsReadAheadOfAnIdleStream_UntilItsTimeout()
    {
        const long Idle = 30_000, StreamIdle = 10 * Minute;
        var sut = new ReadGate(_directory, Minute);
        var tracker = new WatermarkTracker(_directory, new TimeOptions(), [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)]);
        SourcePartition exposure = Partition(0, SourcePartition.NoTime), click = Partition(1, SourcePartition.NoTime);
        foreach (SourcePartition partition in _directory.All)
        {
            tracker.Appear(partition, 0, 0);
            tracker.Accept(partition, Ten + (partition == exposure ? 1 : 0), 0);
            tracker.Update(partition, 0);
        }

        tracker.CaughtUp(click, 1, Idle);
        tracker.Update(click, Idle);
        Assert.IsTrue(sut.MayRead(exposure), "there is room");
        sut.EnterPressure();
        Assert.IsFalse(sut.MayRead(exposure), "what it has only waits for the idle stream");
        Assert.IsTrue(sut.MayRead(click));

        // Notices of the idle partition go on while nothing is read, and time out the stream.
        tracker.CaughtUp(click, 1, Idle + StreamIdle - 1);
        tracker.Update(click, Idle + StreamIdle - 1);
        Assert.IsFalse(sut.MayRead(exposure));
        tracker.CaughtUp(click, 1, Idle + StreamIdle);
        tracker.Update(click, Idle + StreamIdle);
        Assert.IsTrue(sut.MayRead(exposure));
    }

    [TestMethod]
    public void UnderPressure_IdlePartitionsStayReadable_WhateverTheirStream()
    {
        var sut = new ReadGate(_directory, Minute);
        SourcePartition exposure = Partition(0, Ten);
        exposure.State = PartitionState.Idle;
        Partition(1, Ten).State = PartitionState.Idle;
        _directory.IdleHolder = 1;
        sut.EnterPressure();

        Assert.IsTrue(sut.MayRead(exposure), "else it would count as idle with records unread");
        exposure.State = PartitionState.Active;
        Assert.IsFalse(sut.MayRead(exposure));
    }

    private SourcePartition Partition(int stream, long time)
    {
        SourcePartition partition = _directory.Register("log", _directory.Count, [stream], hasTimestamps: false);
        partition.MaxEventTime = time;
        return partition;
    }
}
