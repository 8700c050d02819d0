using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Tests.Telemetry;

[TestClass]
public sealed class SampleAgesTests
{
    private static readonly AgeStage[] Parts = [AgeStage.Ingest, AgeStage.Join, AgeStage.Close, AgeStage.Commit];

    [TestMethod]
    public void WorkedExample_HasItsFourParts()
    {
        SampleAges sut = Ages();

        sut.Add(new SampleTimes(0, 300, 10_400, 1_210_500), 3, 1_210_900);

        CollectionAssert.AreEqual(new[] { 0.3, 10.1, 1200.1, 0.4, 1210.9 }, Enum.GetValues<AgeStage>().Select(stage => sut[stage].Read().Mean).ToArray());
        Assert.AreEqual(3, sut[AgeStage.Total].Read().Count);
    }

    [TestMethod]
    public void Stages_AddUpToTheWhole_WhateverTheClocksSay()
    {
        Gen<long> time = Gen.Long[0, 10_000_000];
        Gen.Select(time, time, time, time, time, Gen.Int[1, 500]).List[1, 50].Sample(batches =>
        {
            SampleAges sut = Ages();
            foreach ((long first, long arrived, long joined, long closed, long committed, int samples) in batches) sut.Add(new SampleTimes(first, arrived, joined, closed), samples, committed);

            DistributionReading total = sut[AgeStage.Total].Read();
            Assert.AreEqual(total.Sum, Parts.Sum(stage => sut[stage].Read().Sum), 1e-6 * Math.Max(1, total.Sum));
            foreach (AgeStage stage in Parts) Assert.AreEqual(total.Count, sut[stage].Read().Count);
        }, iter: 200);
    }

    [TestMethod]
    public void Percentiles_AreWithinAHundredth()
    {
        var sut = new Distribution(new FakeTimeProvider());
        for (int ms = 1; ms <= 1000; ms++) sut.Add(ms * 10);

        DistributionReading read = sut.Read();

        Assert.AreEqual(5, read.Median, 0.05);
        Assert.AreEqual(9.5, read.P95, 0.1);
        Assert.AreEqual(9.99, read.P999, 0.1);
        Assert.AreEqual((0.01, 10.0, 10.0), (read.Min, read.Max, read.Last));
    }

    [TestMethod]
    public void Apdex_CountsWhatIsBehindTheWindowsEnd()
    {
        var sut = new SampleAges(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(10), new FakeTimeProvider());
        long window = 20 * 60 * 1000;
        sut.Add(new SampleTimes(0, 0, 0, window), 6, window + 10_000);
        sut.Add(new SampleTimes(0, 0, 0, window), 2, window + 40_000);
        sut.Add(new SampleTimes(0, 0, 0, window), 2, window + 40_001);

        Assert.AreEqual(new ApdexReading(6, 2, 2), sut.Apdex.Read());
        Assert.AreEqual(0.7, sut.Apdex.Read().Score);
    }

    [TestMethod]
    public void LaneTimes_TellWhenAnExposureArrivedAndWasApplied()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddHours(1));
        long began = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var sut = new LaneTimes(clock);
        sut.Arrived(1000, began + 50);
        sut.Arrived(2000, began + 90);
        clock.Advance(TimeSpan.FromMilliseconds(200));
        sut.Joined(1500);
        clock.Advance(TimeSpan.FromMilliseconds(300));
        sut.Joined(2500);

        Assert.AreEqual(new SampleTimes(900, began + 50, began + 200, began + 500), sut.Close(900));
        Assert.AreEqual(new SampleTimes(1600, began + 90, began + 500, began + 500), sut.Close(1600));
    }

    [TestMethod]
    public void LaneTimes_KeepABoundedNumberOfMoments_AndStayNear()
    {
        var clock = new FakeTimeProvider();
        var sut = new LaneTimes(clock);
        const int Events = 100_000;
        for (int i = 0; i < Events; i++) sut.Arrived(i * 10, i);

        SampleTimes times = sut.Close(500_000);

        // A moment's spacing is at most four times what the marks could be spread over.
        Assert.AreEqual(50_000, times.Arrived, 4.0 * Events / LaneTimes.MostMarks);
    }

    private static SampleAges Ages() => new(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(10), new FakeTimeProvider());
}
