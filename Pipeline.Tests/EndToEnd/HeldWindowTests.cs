using System.Text;
using Confluent.Kafka;
using Pipeline.Hosting;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A window never closes as a negative while clicks that belong to it wait unread; a partition that is silent and read to its end holds nothing.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class HeldWindowTests
{
    private const long Ten = 1_764_064_800_000;
    private readonly KafkaServer _kafka = KafkaServer.Shared;

    [TestMethod]
    public async Task UnreadClickHoldsItsWindow_HoweverLong_AndMakesItPositive()
    {
        string exposures = _kafka.NewTopic("exposure"), clicks = _kafka.NewTopic("click"), samples = _kafka.NewTopic("samples");
        using var run = new JobRun();
        _kafka.Produce(exposures, [Exposure("u1", Ten), Exposure("u2", Ten + 60_000)]);
        _kafka.Produce(clicks, [Click("u0", Ten)]);
        // A click of u1's window that is in the log and cannot be read yet: its transaction is open.
        using IProducer<byte[]?, byte[]?> writer = _kafka.NewProducer("clicks-" + clicks);
        writer.BeginTransaction();
        KafkaServer.Produce(writer, clicks, Click("u1", Ten + 1_000));
        writer.Flush(TimeSpan.FromSeconds(60));
        await using var live = new LiveJob(run.Write("job.yaml", Job(exposures, clicks, samples)));
        await Eventually.Holds(() => live.IsRunning && live.Summary?.Events == 3, "all that can be read is read");

        await Eventually.StaysTrue(() => live.IsRunning && live.Summary!.Samples == 0, TimeSpan.FromSeconds(4), "no window has closed");
        writer.CommitTransaction(TimeSpan.FromSeconds(60));
        _kafka.Produce(clicks, [Click("u0", Ten + 60_000)]);
        await Eventually.Holds(() => live.IsRunning && live.Summary!.Samples == 1, "the window of u1 has closed");
        JobSummary summary = await live.StopAsync();

        Assert.AreEqual(1, summary.Positives);
        Assert.IsTrue(summary.Deterministic);
    }

    [TestMethod]
    public async Task SilentCaughtUpPartition_HoldsNothing_OnceItsStreamHasTimedOut()
    {
        string exposures = _kafka.NewTopic("exposure", 2), clicks = _kafka.NewTopic("click"), samples = _kafka.NewTopic("samples");
        using var run = new JobRun();
        _kafka.Produce(exposures, [Exposure("u1", Ten) with { Partition = 0 }, Exposure("u2", Ten + 60_000) with { Partition = 0 }]);

        await using var live = new LiveJob(run.Write("job.yaml", Job(exposures, clicks, samples)));
        await Eventually.Holds(() => live.IsRunning && live.Summary?.Samples == 1, "the window of u1 has closed without clicks and without exposure partition 1");
        JobSummary summary = await live.StopAsync();

        Assert.AreEqual(1, summary.Open, "the window of u2 stays open: a stop closes none");
        string sample = Encoding.UTF8.GetString(_kafka.ReadAll(samples, readCommitted: true).Single().Message.Value!);
        StringAssert.Contains(sample, "\"label\":0");
    }

    private static KafkaRecord Exposure(string user, long time) => new(null, $$"""{"user":"{{user}}","ts":{{time}},"scene":"feed"}""");

    private static KafkaRecord Click(string user, long time) => new(null, $$"""{"user":"{{user}}","ts":{{time}}}""");

    private string Job(string exposures, string clicks, string samples) => $$"""
        job: held-{{samples}}
        out_of_orderness: 1s
        idle_timeout: 1s
        stream_idle_timeout: 1s
        window: { length: 10s }
        max_future: 3650d
        streams:
          - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topics: [{{exposures}}] } }, format: json, key: [user], time: { field: ts } }
          - { name: click, role: action, source: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topics: [{{clicks}}] } }, format: json, key: [user], time: { field: ts } }
        output: { sink: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topic: {{samples}} } } }
        state: { dir: state, memory: 64MiB }
        """;
}
