using System.Text;
using Confluent.Kafka;
using Pipeline.Commands;
using Pipeline.Hosting;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Verification;

/// <summary>The same of topics, where the first position read is known from the checkpoint alone.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class VerifyStateOfTopicsTests : IDisposable
{
    private const long Ten = 1_764_064_800_000;
    private readonly KafkaServer _kafka = KafkaServer.Shared;
    private readonly JobRun _run = new();

    public void Dispose() => _run.Dispose();

    [TestMethod]
    public async Task StoppedJobThatBeganAtTheLatestRecords_IsJudgedFromThere()
    {
        string exposures = _kafka.NewTopic("exposure", 2), clicks = _kafka.NewTopic("click", 2), samples = _kafka.NewTopic("samples");
        string job = Job(exposures, clicks, samples, "latest", "1h");
        Produce(exposures, clicks, 0, 20);
        JobSummary stopped;
        await using (var live = new LiveJob(job))
        {
            await Eventually.Holds(() => live.IsRunning && Directory.Exists(_run["state/checkpoints/0000000001"]) && File.Exists(_run["state/checkpoints/0000000001/manifest.json"]), "where it begins is decided");
            Produce(exposures, clicks, 20, 50);
            await Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 100, "everything behind the start is read");
            stopped = await live.StopAsync();
        }
        Produce(exposures, clicks, 70, 20);
        Assert.IsGreaterThan(20, stopped.Samples);
        Assert.IsGreaterThan(0, stopped.Open);

        await _run.VerifyAsync(job, "kafka", stopped.Samples);

        StringAssert.Contains(_run.Messages, "verified up to watermark 2025-11-25T10:");
        List<ConsumeResult<byte[]?, byte[]?>> written = _kafka.ReadAll(samples, readCommitted: true);
        using IProducer<byte[]?, byte[]?> producer = _kafka.NewProducer($"verify-{samples}");
        producer.BeginTransaction();
        KafkaServer.Produce(producer, samples, new KafkaRecord("u", "{\"sample_id\":\"aborted\"}"));
        producer.AbortTransaction();
        await _run.VerifyAsync(job, "kafka", stopped.Samples);
        producer.BeginTransaction();
        KafkaServer.Produce(producer, samples, new KafkaRecord(Encoding.UTF8.GetString(written[0].Message.Key!), Encoding.UTF8.GetString(written[0].Message.Value!)));
        producer.CommitTransaction();

        Assert.AreEqual(ExitCodes.CheckFailed, await _run.CallAsync("verify", job, "--samples", "kafka"));
        StringAssert.Contains(_run.Output, "\"missing\":0,\"extra\":0,\"different\":0,\"duplicates\":1");
    }

    [TestMethod]
    public async Task ClickBelowTheFloorOfItsPartition_IsLateForTheReferenceToo()
    {
        string exposures = _kafka.NewTopic("exposure"), clicks = _kafka.NewTopic("click"), samples = _kafka.NewTopic("samples");
        string job = Job(exposures, clicks, samples, "earliest", "1s");
        _kafka.Produce(exposures, [Event(0, 0), Event(1, 300)]);
        _kafka.Produce(clicks, [Event(99, 0)]);
        JobSummary stopped;
        await using (var live = new LiveJob(job))
        {
            await Eventually.Holds(
                () =>
                {
                    // A stream that is silent with the other would hold the watermark where it is.
                    _kafka.Produce(exposures, [Event(1, 300)]);
                    return live.IsRunning && live.Summary?.Samples == 1;
                },
                "the window of u0 has closed without its click");
            _kafka.Produce(clicks, [Event(0, 1)]);
            await Eventually.Holds(() => live.IsRunning && live.Summary!.Late.GetValueOrDefault("late_idle") == 1, "its click came below the floor");
            _kafka.Produce(clicks, [Event(1, 301), Event(98, 900)]);
            await Eventually.Holds(() => live.IsRunning && live.Summary!.Streams["click"].Records == 4, "the click of u1 is read, and its partition idle no longer");
            _kafka.Produce(exposures, [Event(2, 900)]);
            await Eventually.Holds(() => live.IsRunning && live.Summary!.Samples == 2, "the window of u1 has closed");
            stopped = await live.StopAsync();
        }
        Assert.AreEqual(1, stopped.Positives);
        Assert.IsFalse(stopped.Deterministic);

        await _run.VerifyAsync(job, "kafka", 2);
    }

    [TestMethod]
    public async Task RecordsThatTheBrokerHoldsNoMore_CannotBeVerified()
    {
        string exposures = _kafka.NewTopic("exposure"), clicks = _kafka.NewTopic("click"), samples = _kafka.NewTopic("samples");
        string job = Job(exposures, clicks, samples, "earliest", "1h");
        _kafka.Produce(exposures, [Event(0, 0), Event(1, 300)]);
        _kafka.Produce(clicks, [Event(0, 1), Event(1, 301)]);
        await using (var live = new LiveJob(job))
        {
            await Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 4, "everything is read");
            await live.StopAsync();
        }
        using (IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _kafka.Bootstrap }).Build())
            await admin.DeleteRecordsAsync([new TopicPartitionOffset(clicks, 0, 1)]);

        Assert.AreEqual(ExitCodes.Configuration, await _run.CallAsync("verify", job, "--samples", "kafka"));

        StringAssert.Contains(_run.Messages, $"{clicks}-0 at {_kafka.Bootstrap}: expected the records from position 0 on, found them from 1 on");
    }

    private void Produce(string exposures, string clicks, int from, int count)
    {
        foreach (string topic in (string[])[exposures, clicks])
            _kafka.Produce(topic, Enumerable.Range(from, count).Select(static i => Event(i, i * 10) with { Partition = i % 2 }));
    }

    private static KafkaRecord Event(int user, int second) => new(null, $$"""{"user":"u{{user}}","ts":{{Ten + (second * 1_000L)}},"scene":"feed"}""");

    private string Job(string exposures, string clicks, string samples, string start, string idle) => _run.Write("job.yaml", $$"""
        job: verify-{{samples}}
        out_of_orderness: 1s
        idle_timeout: {{idle}}
        stream_idle_timeout: {{idle}}
        window: { length: 60s }
        max_future: 3650d
        streams:
          - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topics: [{{exposures}}], start: {{start}} } }, format: json, key: [user], time: { field: ts } }
          - { name: click, role: action, source: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topics: [{{clicks}}], start: {{start}} } }, format: json, key: [user], time: { field: ts } }
        output: { sink: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topic: {{samples}} } } }
        state: { dir: state, memory: 32MiB, checkpoint_interval: 1h }
        """);
}
