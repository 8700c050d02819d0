using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Partitioning;

[TestClass]
public sealed class WatermarkTrackerTests
{
    private const int Exposure = 0;
    private const int Click = 1;
    private const long Second = 1_000;
    private const long Minute = 60 * Second;
    private const long Ten = 1_764_064_800_000;

    private readonly PartitionDirectory _directory = new();

    [TestMethod]
    public void Watermark_IsTheLeastOfThePartitions()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        SourcePartition click = Appear(sut, "click", Click);

        Event(sut, exposure, Ten, 0);
        Assert.AreEqual(SourcePartition.NoTime, sut.Watermark, "a partition without an event holds it");
        Event(sut, click, Ten - Minute, 0);

        Assert.AreEqual(Ten - Minute - 10 * Second, sut.Watermark);
        Assert.AreSame(click, sut.HoldingPartition);
    }

    [TestMethod]
    public void EventBelowItsOwnPartitionsWatermark_IsLate_WhateverTheOthersDo()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        Appear(sut, "click", Click);
        Event(sut, exposure, Ten, 0);

        (long own, long floor) = sut.LateBelow(exposure);

        Assert.AreEqual(Ten - 10 * Second, own);
        Assert.AreEqual(SourcePartition.NoTime, floor);
    }

    [TestMethod]
    public void SilenceAlone_IsNotIdleness()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        SourcePartition click = Appear(sut, "click", Click);
        Event(sut, click, Ten, 0);

        Event(sut, exposure, Ten + Minute * 60, 60 * Minute);

        Assert.AreEqual(Ten - 10 * Second, sut.Watermark);
        Assert.AreEqual(PartitionState.Active, click.State);
    }

    [TestMethod]
    public void AnswerAskedForBeforeTheIdleTimeout_ConfirmsNothing()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition click = Appear(sut, "click", Click);
        Event(sut, click, Ten, 1_000);

        sut.CaughtUp(click, 1, 1_000 + 30 * Second - 1);
        Assert.AreEqual(PartitionState.Active, click.State);
        sut.CaughtUp(click, 1, 1_000 + 30 * Second);

        Assert.AreEqual(PartitionState.Idle, click.State);
    }

    /// <summary>The worked example of <see cref="WatermarkTracker"/>.</summary>
    [TestMethod]
    public void IdleStream_HoldsUntilItsTimeout_ThenItsEventsBelowAreLateIdle()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        SourcePartition click = Appear(sut, "click", Click);
        Event(sut, click, Ten, 0);
        Event(sut, exposure, Ten + 5 * Minute, 0);

        Caught(sut, click, 30 * Second);
        Assert.AreEqual(PartitionState.Idle, click.State);
        Assert.AreEqual(Ten - 10 * Second, sut.Watermark, "the stream still holds");
        Assert.AreEqual(Click, _directory.IdleHolder);

        Event(sut, exposure, Ten + 5 * Minute, 30 * Second + 10 * Minute);
        Assert.AreEqual(PartitionDirectory.NoStream, _directory.IdleHolder);
        Assert.AreEqual(Ten + 5 * Minute - 10 * Second, sut.Watermark);

        (long own, long floor) = sut.LateBelow(click);
        Assert.AreEqual(Ten - 10 * Second, own);
        Assert.AreEqual(Ten + 5 * Minute - 10 * Second, floor);
    }

    [TestMethod]
    public void StreamThatNeverTimesOut_HoldsForEver()
    {
        WatermarkTracker sut = Tracker(Timeout.InfiniteTimeSpan);
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        SourcePartition click = Appear(sut, "click", Click);
        Event(sut, click, Ten, 0);
        Caught(sut, click, Minute);

        Event(sut, exposure, Ten + 90 * Minute, 1_000 * Minute);

        Assert.AreEqual(Ten - 10 * Second, sut.Watermark);
        Assert.AreEqual(Click, sut.HoldingStream);
    }

    [TestMethod]
    public void IdlePartitionOfALiveStream_DoesNotHold()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition one = Appear(sut, "click", Click);
        SourcePartition two = Appear(sut, "click", Click, 1);
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        Event(sut, one, Ten, 0);
        Event(sut, two, Ten + Minute, 0);
        Event(sut, exposure, Ten + Minute, 0);

        Caught(sut, one, Minute);

        Assert.AreEqual(Ten + Minute - 10 * Second, sut.Watermark);
    }

    [TestMethod]
    public void EndedPartitions_HaveTheWatermarkInfinity()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        SourcePartition click = Appear(sut, "click", Click);
        Event(sut, exposure, Ten, 0);
        sut.End(click);
        sut.Update(click, 0);
        Assert.AreEqual(Ten - 10 * Second, sut.Watermark);

        sut.End(exposure);
        sut.Update(exposure, 0);

        Assert.AreEqual(long.MaxValue, sut.Watermark);
    }

    [TestMethod]
    public void WhenAllIdleAndTimedOut_TheWatermarkStays()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        Event(sut, exposure, Ten, 0);

        Caught(sut, exposure, 30 * Second);
        Caught(sut, exposure, 60 * Minute);

        Assert.AreEqual(Ten - 10 * Second, sut.Watermark);
    }

    [TestMethod]
    public void PartitionThatAppearsWhileRunning_HasTheJoinsWatermarkAsFloor()
    {
        WatermarkTracker sut = Tracker();
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        Event(sut, exposure, Ten, 0);

        SourcePartition late = Appear(sut, "exposure", Exposure, 1);

        Assert.AreEqual(Ten - 10 * Second, sut.LateBelow(late).Floor);
        Event(sut, late, Ten - Minute, 0);
        Assert.AreEqual(Ten - 10 * Second, sut.Watermark, "it never goes back");
    }

    [TestMethod]
    public void ProcessingTime_GoesByTheClockOnceCaughtUp()
    {
        WatermarkTracker sut = Tracker(mode: TimeMode.Processing);
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        Event(sut, exposure, Ten - 60 * Minute, Ten);
        Assert.AreEqual(Ten - 60 * Minute - 10 * Second, sut.Watermark, "a backlog is read first");

        Caught(sut, exposure, Ten + Second);
        sut.Update(null, Ten + Minute);

        Assert.AreEqual(Ten + Minute - 10 * Second, sut.Watermark);
        Assert.AreEqual(sut.Watermark, sut.LateBelow(exposure).Own);
    }

    [TestMethod]
    public void ProcessingTime_WaitsForPartitionsThatHaveNotAppeared()
    {
        WatermarkTracker sut = Tracker(mode: TimeMode.Processing);
        SourcePartition exposure = Appear(sut, "exposure", Exposure);
        SourcePartition click = _directory.Register("click", 0, [Click], hasTimestamps: false);

        Caught(sut, exposure, Ten + Second);
        Assert.AreEqual(SourcePartition.NoTime, sut.Watermark, "clicks may have a backlog");

        sut.Appear(click, 0, Ten + Second);
        Caught(sut, click, Ten + Minute);
        Assert.AreEqual(Ten + Minute - 10 * Second, sut.Watermark);
    }

    private WatermarkTracker Tracker(TimeSpan? streamTimeout = null, TimeMode mode = TimeMode.Event)
    {
        TimeSpan timeout = streamTimeout ?? TimeSpan.FromMinutes(10);
        return new WatermarkTracker(_directory, new TimeOptions { Mode = mode }, [timeout, timeout]);
    }

    private SourcePartition Appear(WatermarkTracker tracker, string source, int stream, int number = 0)
    {
        SourcePartition partition = _directory.Register(source, number, [stream], hasTimestamps: false);
        tracker.Appear(partition, 0, 0);
        tracker.Update(partition, 0);
        return partition;
    }

    private static void Event(WatermarkTracker tracker, SourcePartition partition, long time, long now)
    {
        tracker.Accept(partition, time, now);
        tracker.Update(partition, now);
    }

    private static void Caught(WatermarkTracker tracker, SourcePartition partition, long at)
    {
        tracker.CaughtUp(partition, 1, at);
        tracker.Update(partition, at);
    }
}
