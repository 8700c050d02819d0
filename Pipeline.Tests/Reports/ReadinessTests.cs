using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Telemetry;
using Pipeline.Reports;
using Pipeline.Tests.Configuration;

namespace Pipeline.Tests.Reports;

[TestClass]
public sealed class ReadinessTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly JobText _text = new();

    public void Dispose() => _text.Dispose();

    [TestMethod]
    public void BeforeTheRun_ItIsNotReady() => Assert.AreEqual("run", NotOk(Hub(out _)));

    [TestMethod]
    [DataRow(OutageKind.Source, "sources")]
    [DataRow(OutageKind.Sink, "sink")]
    [DataRow(OutageKind.StateDisk, "state_disk")]
    public void WhatIsAway_IsNamed_AndOverWhenItIsBack(OutageKind kind, string check)
    {
        ReportHub hub = Hub(out Outages outages);
        outages.Begin(kind, "here", "it is gone");
        string during = NotOk(hub);
        outages.End(kind, "here");

        Assert.AreEqual($"run,{check}", during);
        Assert.AreEqual("run", NotOk(hub));
    }

    [TestMethod]
    public void OutageThatNobodyEnds_IsOverByItself()
    {
        ReportHub hub = Hub(out Outages outages);
        outages.Begin(OutageKind.StateDisk, "lane 3", "disk full", TimeSpan.FromSeconds(6));
        _clock.Advance(TimeSpan.FromSeconds(5));
        bool lasts = outages.Any(OutageKind.StateDisk);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.IsTrue(lasts);
        Assert.AreEqual("run", NotOk(hub));
    }

    [TestMethod]
    public void WhatClientsSay_IsShownWithoutSecrets()
    {
        var outages = new Outages(_clock, static text => text.Replace("hunter2", "***", StringComparison.Ordinal));
        outages.Begin(OutageKind.Source, "hunter2:9092", "hunter2#consumer-1: refused");

        Assert.AreEqual(new Outage(OutageKind.Source, "***:9092", "***#consumer-1: refused"), outages.Now.Single());
        outages.End(OutageKind.Source, "hunter2:9092");
        Assert.IsEmpty(outages.Now);
    }

    [TestMethod]
    public void Fault_IsTold()
    {
        ReportHub hub = Hub(out _);
        hub.Fault = "the disk is gone";

        Assert.AreEqual("the disk is gone", Readiness.Of(hub).Checks.Single(static check => check.Name == "fault").Says);
        Assert.IsFalse(Readiness.Of(hub).Ready);
    }

    private ReportHub Hub(out Outages outages)
    {
        outages = new Outages(_clock);
        return new ReportHub(_text.LoadSound(JobText.Small), outages);
    }

    private static string NotOk(ReportHub hub) => string.Join(',', Readiness.Of(hub).Checks.Where(static check => !check.Ok).Select(static check => check.Name));
}
