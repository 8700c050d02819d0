using System.Text.Json;
using Pipeline.Commands;
using Pipeline.Hosting;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>What a restart may rely on while state is not yet kept over it: nothing that is not delivered is committed.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class RestartTests
{
    private const long Ten = 1_764_064_800_000;
    private readonly KafkaServer _kafka = KafkaServer.Shared;

    [TestMethod]
    public async Task FromScratch_ReadsTopicsFromTheirFirstRecord_ThoughPositionsAreCommitted()
    {
        using var run = new JobRun();
        string job = Job(run, out string samples);
        Produce(0, 50);
        await run.RunToEndAsync(job);

        JsonElement again = await run.RunToEndAsync(job, "--from-scratch");

        Assert.AreEqual(50, again.GetProperty("samples").GetInt64());
        StringAssert.Contains(run.Messages, "samples may repeat");
        Assert.HasCount(100, _kafka.ReadAll(samples, readCommitted: true));
    }

    [TestMethod]
    public async Task StopWithOpenWindows_CommitsNothingOfThem_SoThatTheNextRunFindsThem()
    {
        using var run = new JobRun();
        string job = Job(run, out string samples);
        Produce(0, 50);
        await using (var live = new LiveJob(job))
        {
            await Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 100, "everything is read");
            JobSummary stopped = await live.StopAsync();
            Assert.AreEqual(100, stopped.Open + (2 * stopped.Samples) + stopped.Orphaned, "what has not closed is open");
            Assert.IsGreaterThan(0, stopped.Open);
        }

        await run.RunToEndAsync(job);

        string[] users = [.. _kafka.ReadAll(samples, readCommitted: true).Select(record => System.Text.Encoding.UTF8.GetString(record.Message.Key!)).Distinct()];
        Assert.HasCount(50, users, "each user's window came at least once");
    }

    [TestMethod]
    public async Task MissingTopic_Ends78_AndNamesIt()
    {
        using var run = new JobRun();
        string job = Job(run, out _);
        File.WriteAllText(job, File.ReadAllText(job).Replace(_clicks, "no-such-topic", StringComparison.Ordinal));

        Assert.AreEqual(ExitCodes.Configuration, await run.CallAsync("run", job, "--until-end"));
        StringAssert.Contains(run.Messages, "no-such-topic");
    }

    private string _exposures = "", _clicks = "";

    private string Job(JobRun run, out string samples)
    {
        _exposures = _kafka.NewTopic("exposure", 2);
        _clicks = _kafka.NewTopic("click", 2);
        samples = _kafka.NewTopic("samples");
        return run.Write("job.yaml", $$"""
            job: restart-{{samples}}
            out_of_orderness: 1s
            max_future: 3650d
            window: { length: 60s }
            streams:
              - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topics: [{{_exposures}}] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topics: [{{_clicks}}] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { kafka: { bootstrap: "{{_kafka.Bootstrap}}", topic: {{samples}} } } }
            state: { dir: state, memory: 32MiB, checkpoint_interval: 1s }
            """);
    }

    /// <summary>One exposure and one click a user, ten seconds apart from user to user.</summary>
    private void Produce(int from, int to)
    {
        foreach (string topic in new[] { _exposures, _clicks })
            _kafka.Produce(topic, Enumerable.Range(from, to - from).Select(i => new KafkaRecord(null, $$"""{"user":"u{{i}}","ts":{{Ten + (i * 10_000)}}}""", Partition: i % 2)));
    }
}
