using Pipeline.Reports;

namespace Pipeline.Tests.Reports;

[TestClass]
public sealed class RateMeterTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);

    [TestMethod]
    public void SteadyRate_IsItInAll()
    {
        var sut = new RateMeter(1_000);
        for (int tick = 1; tick <= 10; tick++) sut.Tick(1_000 + (tick * 500), Tick);

        AssertRates(new Rates(100, 100, 100, 100), sut.Read());
    }

    [TestMethod]
    public void RateThatEnds_FallsByEAMinute()
    {
        var sut = new RateMeter(0);
        sut.Tick(500, Tick);
        for (int tick = 0; tick < 12; tick++) sut.Tick(500, Tick);

        AssertRates(new Rates(500 / 65.0, 100 * Math.Exp(-1), 100 * Math.Exp(-60.0 / 300), 100 * Math.Exp(-60.0 / 900)), sut.Read());
    }

    [TestMethod]
    public void CountsOfTheCheckpoint_AreNoRate() => AssertRates(default, new RateMeter(1_000_000).Read());

    private static void AssertRates(Rates expected, Rates found)
    {
        Assert.AreEqual(expected.Mean, found.Mean, 1e-9);
        Assert.AreEqual(expected.OneMinute, found.OneMinute, 1e-9);
        Assert.AreEqual(expected.FiveMinutes, found.FiveMinutes, 1e-9);
        Assert.AreEqual(expected.FifteenMinutes, found.FifteenMinutes, 1e-9);
    }
}
