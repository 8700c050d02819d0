using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Tests.Telemetry;

[TestClass]
public sealed class StageClockTests
{
    private readonly FakeTimeProvider _clock = new();

    [TestMethod]
    public void BusyIdleAndBackPressured_AreTheWallTimeOfAllWorkers()
    {
        var sut = new StageClock("join", _clock, workers: 2);
        Pass(3);
        sut.Begin();
        Pass(2);
        sut.Begin();
        Pass(1);
        sut.End(5);
        sut.End(7);
        Pass(4);

        StageTimes times = sut.Read();

        Assert.AreEqual((10.0, 4.0, 0.0, 16.0), (times.Wall, times.Busy, times.BackPressured, times.Idle));
        Assert.AreEqual((12L, 2L), (times.Items, times.Batches));
    }

    [TestMethod]
    public void WorkUnderWay_CountsUpToTheReading()
    {
        var sut = new StageClock("sink", _clock);
        sut.Begin();
        Pass(5);

        Assert.AreEqual(1.0, sut.Read().BusyShare);
        Assert.AreEqual(1, sut.Occupied);
    }

    [TestMethod]
    public async Task SendThatWaits_IsBackPressure_AlsoWhileItLasts()
    {
        var sut = new StageClock("partition", _clock);
        var room = new TaskCompletionSource();
        ValueTask waiting = sut.Waiting(new ValueTask(room.Task));
        Pass(3);
        double meanwhile = sut.Read().BackPressured;
        room.SetResult();
        await waiting;
        Pass(1);

        Assert.AreEqual(3.0, meanwhile);
        Assert.AreEqual((3.0, 1.0), (sut.Read().BackPressured, sut.Read().Idle));
    }

    [TestMethod]
    public void SendThatIsTakenAtOnce_IsNoBackPressure()
    {
        var sut = new StageClock("partition", _clock);

        Assert.IsTrue(sut.Waiting(default).AsTask().IsCompletedSuccessfully);
        Pass(1);

        Assert.AreEqual(0.0, sut.Read().BackPressured);
    }

    [TestMethod]
    public async Task SendThatFails_EndsTheWaiting()
    {
        var sut = new StageClock("partition", _clock);
        var room = new TaskCompletionSource();
        ValueTask waiting = sut.Waiting(new ValueTask(room.Task));
        Pass(1);
        room.SetException(new IOException("gone"));
        await Assert.ThrowsExactlyAsync<IOException>(async () => await waiting);
        Pass(1);

        Assert.AreEqual((1.0, 0), (sut.Read().BackPressured, sut.Occupied));
    }

    [TestMethod]
    public void ReadingBetweenTwoLooks_TakesAStandingOutputToStandStill_SoThatDifferencesAddUp()
    {
        var sut = new StageClock("source", _clock);
        sut.OutputStands(true);
        Pass(1);
        StageTimes before = sut.Read();
        Pass(2);
        sut.OutputStands(true);

        StageTimes times = sut.Read().Since(before);

        Assert.AreEqual((2.0, 2.0, 0.0), (times.Wall, times.BackPressured, times.Idle));
    }

    [TestMethod]
    public void StandingOutput_IsBackPressureOfTheWorkersThatDoNotWork()
    {
        var sut = new StageClock("parse", _clock, workers: 2);
        sut.OutputStands(true);
        sut.Begin();
        Pass(1);
        sut.End(1);
        sut.OutputStands(true);
        Pass(2);
        sut.OutputStands(false);
        Pass(1);
        sut.OutputStands(false);

        StageTimes times = sut.Read();

        // 1 s of the one worker, then half of 2 s of both, then none.
        Assert.AreEqual((1.0, 3.0, 4.0), (times.Busy, times.BackPressured, times.Idle));
        Assert.AreEqual(times.Wall * 2, times.Busy + times.BackPressured + times.Idle, 1e-9);
    }

    [TestMethod]
    public void BatchHandedOnInTheMidstOfWork_IsCounted()
    {
        var sut = new StageClock("source", _clock);
        sut.Begin();
        sut.HandedOn(7);
        Pass(1);
        sut.HandedOn(5);

        Assert.AreEqual((12L, 2L, 1.0), (sut.Read().Items, sut.Read().Batches, sut.Read().Busy));
    }

    [TestMethod]
    public void Since_IsTheTimeBetweenTwoReadings()
    {
        var sut = new StageClock("format", _clock);
        sut.Begin();
        Pass(9);
        sut.End(3);
        StageTimes before = sut.Read();
        sut.Begin();
        Pass(1);
        sut.End(4);
        Pass(3);

        StageTimes between = sut.Read().Since(before);

        Assert.AreEqual((4.0, 0.25, 0.75, 4L), (between.Wall, between.BusyShare, between.IdleShare, between.Items));
    }

    private void Pass(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));
}
