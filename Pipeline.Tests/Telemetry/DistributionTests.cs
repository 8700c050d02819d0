using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Tests.Telemetry;

[TestClass]
public sealed class DistributionTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Distribution _sut;

    public DistributionTests() => _sut = new Distribution(_clock);

    [TestMethod]
    public void OldValues_FadeFromPercentilesAndExtremes_AndStayInCountAndSum()
    {
        _sut.Add(60_000, 100);
        Pass(Distribution.Window);
        _sut.Add(1_000, 100);
        DistributionReading between = _sut.Read();
        Pass(Distribution.Window);
        _sut.Add(2_000, 100);

        DistributionReading read = _sut.Read();

        Assert.AreEqual((200L, 60.0), (between.Recent, between.Max), "the part before still counts");
        Assert.AreEqual((300L, 6_300.0), (read.Count, read.Sum));
        Assert.AreEqual((200L, 1.0, 2.0, 1.5, 0.5, 2.0), (read.Recent, read.Min, read.Max, read.Mean, read.StdDev, read.P99));
    }

    [TestMethod]
    public void ValuesBehindALongPause_AreNotMixedWithThoseBeforeIt()
    {
        _sut.Add(60_000);
        Pass(2 * Distribution.Window);
        _sut.Add(1_000);

        DistributionReading read = _sut.Read();

        Assert.AreEqual((2L, 1L, 1.0, 1.0), (read.Count, read.Recent, read.Min, read.Max));
    }

    [TestMethod]
    public void WhereNothingMoreComes_TheLastThatCameStay()
    {
        _sut.Add(3_000, 7);
        Pass(TimeSpan.FromHours(5));

        Assert.AreEqual((7L, 3.0, 3.0), (_sut.Read().Recent, _sut.Read().Median, _sut.Read().P999));
    }

    [TestMethod]
    public void WithoutAnyValue_EverythingIsZero() => Assert.AreEqual(default, _sut.Read());

    private void Pass(TimeSpan time) => _clock.Advance(time);
}
