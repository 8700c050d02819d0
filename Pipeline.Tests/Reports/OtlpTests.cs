using Pipeline.Hosting;
using Pipeline.Reports;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Reports;

[TestClass]
public sealed class OtlpTests
{
    [TestMethod]
    public async Task Metrics_AreSentToACollector_TheLastOnesAtTheEnd()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["exposure.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064800000}\n");
        File.WriteAllText(folder["click.jsonl"], "");
        File.WriteAllText(folder["job.yaml"], JobText.Small);
        using var collector = new OtlpCollector();

        await using var job = new LiveJob(folder["job.yaml"], untilEnd: true, reports: new ReportSettings { MeterName = "otlp", Otlp = collector.Address });
        JobSummary summary = await job.Completion;

        await Eventually.Holds(() => collector.Received.Count > 0, "metrics are sent");
        (string path, string body) = collector.Received[^1];
        Assert.AreEqual(1, summary.SourceRecords);
        Assert.AreEqual("/v1/metrics", path);
        Assert.Contains("pipeline.stream.records", body);
        Assert.Contains("pipeline.sample.age", body);
    }
}
