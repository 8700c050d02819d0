using System.Text.Json;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The real public log through the whole program, from files and through Kafka; its counts were found by three other programs.</summary>
[TestClass]
public sealed class RealLogTests
{
    private static readonly string[] Behaviours = ["pv", "cart", "fav", "buy"];

    [TestMethod]
    public async Task HoursThroughFiles_HaveTheKnownCounts_AndEqualTheReference()
    {
        using var run = new JobRun();
        TaobaoLog.Unpack("hours", Directory.CreateDirectory(run["logs"]).FullName);
        string job = run.Write("job.yaml", Job("hours", "files: { paths: [logs/hours.csv] }", "files: { dir: out }", "0s"));

        JsonElement summary = await run.RunToEndAsync(job, "--lanes", "3", "--batch-records", "500");

        AssertHours(summary);
        Assert.AreEqual(1, summary.GetProperty("streams").GetProperty("pv").GetProperty("late").GetProperty("late").GetInt64(), "the cut-off last line");
        await run.VerifyAsync(job, run["out"], 84_660);
        Assert.AreEqual(10_228, File.ReadLines(run["dead/dead-letters.jsonl"]).Count(), "10,227 orphans and one late line");
    }

    [TestMethod]
    public async Task UsersThroughFiles_HaveTheKnownCounts()
    {
        using var run = new JobRun();
        string logs = Directory.CreateDirectory(run["logs"]).FullName;
        TaobaoLog.Unpack("users-head", logs);
        TaobaoLog.Unpack("users-tail", logs);
        string job = run.Write("job.yaml", Job("users", "files: { paths: [\"logs/*.csv\"] }", "files: { dir: out }", "90d"));

        JsonElement summary = await run.RunToEndAsync(job);

        Assert.AreEqual(11_846, summary.GetProperty("samples").GetInt64());
        Assert.AreEqual(147, summary.GetProperty("positives").GetInt64());
        Assert.AreEqual(1_198, summary.GetProperty("orphaned").GetInt64());
        await run.VerifyAsync(job, run["out"], 11_846);
    }

    /// <summary>Four partitions in and out: the same samples as through files, whatever partition a row went to.</summary>
    [TestMethod]
    [TestCategory("Kafka")]
    public async Task HoursThroughKafka_GiveTheSamplesOfTheFiles()
    {
        KafkaServer kafka = KafkaServer.Shared;
        using var run = new JobRun();
        string csv = TaobaoLog.Unpack("hours", Directory.CreateDirectory(run["logs"]).FullName);
        string input = kafka.NewTopic("behaviour", 4), output = kafka.NewTopic("samples", 4);
        // The cut-off last line would be the only record of 1970 in its partition: late in one file, so left out here as the known counts do.
        kafka.Produce(input, File.ReadLines(csv).SkipLast(1).Select((line, i) => new KafkaRecord(null, line, Partition: i % 4)));
        string source = $"kafka: {{ bootstrap: \"{kafka.Bootstrap}\", topics: [{input}], start: earliest }}";
        string sink = $"kafka: {{ bootstrap: \"{kafka.Bootstrap}\", topic: {output} }}";
        string job = run.Write("job.yaml", Job(input, source, sink, "10s"));

        JsonElement summary = await run.RunToEndAsync(job);

        AssertHours(summary);
        await run.VerifyAsync(job, "kafka", 84_660);
        string[] throughKafka = [.. kafka.ReadAll(output, readCommitted: true).Select(record => System.Text.Encoding.UTF8.GetString(record.Message.Value!))];
        string files = run.Write("files.yaml", Job("hours", "files: { paths: [logs/hours.csv] }", "files: { dir: out }", "0s"));
        await run.RunToEndAsync(files, "--state-dir", run["state-of-files"]);
        string[] throughFiles = [.. Directory.EnumerateFiles(run["out"], "samples-*.jsonl").SelectMany(File.ReadLines)];
        CollectionAssert.AreEquivalent(throughFiles, throughKafka);
    }

    private static void AssertHours(JsonElement summary)
    {
        Assert.AreEqual(84_660, summary.GetProperty("samples").GetInt64());
        Assert.AreEqual(168, summary.GetProperty("positives").GetInt64());
        JsonElement streams = summary.GetProperty("streams");
        Assert.AreEqual(85_773, streams.GetProperty("pv").GetProperty("joined").GetInt64(), "84,660 windows and 1,113 merged exposures");
        foreach ((string stream, long joined) in new[] { ("cart", 62L), ("fav", 24L), ("buy", 82L) })
            Assert.AreEqual(joined, streams.GetProperty(stream).GetProperty("joined").GetInt64(), stream);
        Assert.AreEqual(10_227, summary.GetProperty("orphaned").GetInt64());
        Assert.IsTrue(summary.GetProperty("deterministic").GetBoolean());
    }

    private static string Job(string name, string source, string sink, string outOfOrderness)
    {
        IEnumerable<string> streams = Behaviours.Select(behaviour => $$"""
              - name: {{behaviour}}
                role: {{(behaviour == "pv" ? "exposure" : "action")}}
                source: { {{source}} }
                format: csv
                csv: { columns: [user, item, category, behaviour, seconds], header: false }
                key: [user, item]
                time: { field: seconds, unit: s }
                filter: [ { field: behaviour, in: [{{behaviour}}] } ]
            """);
        return $$"""
            job: {{name}}
            out_of_orderness: {{outOfOrderness}}
            streams:
            {{string.Join('\n', streams)}}
            output: { sink: { {{sink}} } }
            dead_letter: { files: { dir: dead } }
            state: { dir: state, memory: 64MiB }
            """;
    }
}
