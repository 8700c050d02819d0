using System.Text.Json;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Hosting;
using Pipeline.Metrics;
using Pipeline.Reports;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Reports;

/// <summary>Reports to the byte.</summary>
[TestClass]
public sealed class ReportShapeTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [TestMethod]
    public void Json_IsAppMetrics()
    {
        using JsonDocument line = JsonDocument.Parse(JsonReport.Line(Example()));

        Golden.AssertEqual("Pipeline.Tests/Reports/Golden/report.json", JsonSerializer.Serialize(line, Indented).ReplaceLineEndings("\n") + "\n");
    }

    [TestMethod]
    public void Text_IsAppMetrics() => Golden.AssertEqual("Pipeline.Tests/Reports/Golden/report.txt", TextReport.Of(Example()));

    [TestMethod]
    public void ConsoleLines_AreForPeople()
    {
        var summary = new JobSummary
        {
            Job = "feed-ctr",
            Delivery = "exactly-once",
            Records = 1_234_567,
            Rejected = new() { ["malformed"] = 3 },
            Events = 1_234_000,
            Late = new() { ["late"] = 7 },
            Joined = 1_000_000,
            Open = 233_993,
            Samples = 900_000,
            Positives = 90_000,
            JoinRate = 0.987,
            Seconds = 61.4,
            CpuSeconds = 77.7,
            PeakRssBytes = 900L << 20,
            Streams = new Dictionary<string, StreamSummary>(),
        };
        var watermark = new WatermarkView(1_764_000_000_000, 1_764_000_041_000, "click-7", true, TimeSpan.FromSeconds(31));
        BlockReading[] blocks =
        [
            VerdictTests.Block("source", 0, 0.6), VerdictTests.Block("parse", 0.97, 0.02), VerdictTests.Block("join", 0.25, 0.3, lane: 0), VerdictTests.Block("sink", 0.1), VerdictTests.Block("dead-letters", 0),
        ];

        Golden.AssertEqual("Pipeline.Tests/Reports/Golden/console.txt", ConsoleReport.Of(summary, Readings(0), blocks, watermark, 20_123.4, "parse is busy 97 %, join waits: try --parse-parallelism 3") + "\n");
    }

    [TestMethod]
    public void ReportFile_IsSetAsideAtItsLimit()
    {
        using var folder = new TempFolder();
        var sut = new ReportFile(folder["new/report.txt"], mostBytes: 10);
        foreach (string report in (string[])["first", "second", "third"]) sut.Append(report);

        Assert.AreEqual("third\n", File.ReadAllText(folder["new/report.txt"]));
        Assert.AreEqual("first\nsecond\n", File.ReadAllText(folder["new/report.txt.old"]));
    }

    private static Report Example()
    {
        var rates = new RateBook();
        rates.Tick(Readings(0), TimeSpan.Zero);
        rates.Tick(Readings(1), RateBook.TickInterval);
        return ReportBuilder.Of("feed-ctr", "sources give no more: nothing to turn", Readings(1), rates);
    }

    private static MetricReadings Readings(int tick)
    {
        var readings = new MetricReadings(DateTimeOffset.FromUnixTimeMilliseconds(1_764_000_000_123));
        readings.Add(MetricCatalogue.SourceRecords, 1_000 + (tick * 500));
        readings.Add(MetricCatalogue.StreamRecords, 900 + (tick * 400), "exposure");
        readings.Add(MetricCatalogue.StreamRecords, 100 + (tick * 100), "click");
        readings.Add(MetricCatalogue.StreamRejected, 3, "click", "malformed");
        readings.Add(MetricCatalogue.StreamRejected, 1, "click", "bad_time");
        readings.Add(MetricCatalogue.PartitionLag, 17, "click", "7");
        readings.Add(MetricCatalogue.HotKeyShare, 0.5, "u1|i2", "3", "4");
        readings.Add(MetricCatalogue.CheckpointAge, 12.5);
        readings.Add(MetricCatalogue.StateMemory, 300 << 20, 0);
        readings.Add(MetricCatalogue.WindowsOpen, 4_321, 0);
        var ages = new Distribution(TimeProvider.System);
        for (int ms = 1; ms <= 100; ms++) ages.Add(ms * 10);
        readings.Add(MetricCatalogue.SampleAge, ages.Read(), "total");
        readings.Add(MetricCatalogue.CommitDuration, ages.Read());
        readings.Add(MetricCatalogue.SampleApdex, new ApdexReading(8, 1, 1));
        return readings;
    }
}
