using System.Text.Json;
using Pipeline.Commands;
using Pipeline.Hosting;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>What a run says to its caller: exit codes, standard output, a drain on request, a finished state, a second instance.</summary>
[TestClass]
public sealed class RunCommandTests
{
    private const string Exposures = """
        {"user":"u1","ts":1764064800000,"scene":"feed","position":7}
        {"user":"u2","ts":1764064801000,"scene":"search","position":900}
        {"user":"u3","ts":1764064802000

        {"user":null,"ts":1764064803000,"scene":"feed"}
        {"user":"u4","ts":1764064804000,"scene":"feed","position":1}

        """;

    private const string Clicks = """
        {"user":"u1","ts":1764065999999}
        {"user":"u1","ts":1764066000000}

        """;

    [TestMethod]
    public async Task EveryRecordIsAccountedFor_AndGoesWhereItBelongs()
    {
        using var run = new JobRun();
        string job = Write(run);

        JsonElement summary = await run.RunToEndAsync(job, "--summary", run["summary.json"]);

        JsonElement exposure = summary.GetProperty("streams").GetProperty("exposure");
        Assert.AreEqual(6, exposure.GetProperty("records").GetInt64());
        Assert.AreEqual(1, exposure.GetProperty("rejected").GetProperty("malformed").GetInt64());
        Assert.AreEqual(1, exposure.GetProperty("rejected").GetProperty("empty").GetInt64());
        Assert.AreEqual(1, exposure.GetProperty("rejected").GetProperty("missing_key").GetInt64());
        Assert.AreEqual(1, exposure.GetProperty("invalid").GetInt64());
        Assert.AreEqual(2, exposure.GetProperty("joined").GetInt64());
        Assert.AreEqual(1, summary.GetProperty("streams").GetProperty("click").GetProperty("orphaned").GetInt64());
        Assert.AreEqual(0.5, summary.GetProperty("join_rate").GetDouble());
        string[] letters = [.. File.ReadLines(run["dead/dead-letters.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("reason").GetString()!).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(new[] { "empty", "invalid", "malformed", "missing_key", "orphaned" }, letters);
        Assert.AreEqual(run.Output.Trim(), File.ReadAllText(run["summary.json"]).Trim());
        await run.VerifyAsync(job, run["out"], 2);
    }

    [TestMethod]
    public async Task SampleIsTheContractsExample()
    {
        using var run = new JobRun();
        await run.RunToEndAsync(Write(run), "--lanes", "1");

        string sample = File.ReadLines(run["out/samples-0.jsonl"]).First();

        StringAssert.EndsWith(
            sample,
            """
            "key":{"user":"u1"},"window_start":1764064800000,"window_end":1764066000000,"revision":0,"exposures":1,"label":1,"labels":{"click":{"label":1,"count":1,"first_delay_ms":1199999}},"weight":1,"sampling_rate":1,"features":{"user":"u1","ts":1764064800000,"scene":"feed","position":7}}
            """.Trim());
    }

    [TestMethod]
    public async Task FinishedState_IsRefused_UnlessToldFromScratch()
    {
        using var run = new JobRun();
        string job = Write(run);
        await run.RunToEndAsync(job);

        Assert.AreEqual(ExitCodes.DataRefused, await run.CallAsync("run", job, "--until-end"));
        StringAssert.Contains(run.Messages, "--from-scratch");
        await run.RunToEndAsync(job, "--from-scratch");

        await run.VerifyAsync(job, run["out"], 2);
    }

    [TestMethod]
    public async Task SecondInstance_Ends75_AndDisturbsNothing()
    {
        using var run = new JobRun();
        string job = Write(run);
        await using var first = new LiveJob(job);
        await Eventually.Holds(() => first.IsRunning && first.Summary?.SourceRecords == 8, "the first has read everything");

        Assert.AreEqual(ExitCodes.Fenced, await run.CallAsync("run", job));

        JobSummary summary = await first.StopAsync();
        Assert.AreEqual(0, summary.Unaccounted);
        Assert.AreEqual(0, summary.Samples, "a stop closes no window");
        Assert.IsGreaterThan(0, summary.Open);
    }

    [TestMethod]
    public async Task FollowedFile_IsReadOn_AsItGrows()
    {
        using var run = new JobRun();
        string job = Write(run);
        await using var live = new LiveJob(job);
        await Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 8, "what is there is read");

        File.AppendAllText(run["logs/exposure.jsonl"], "{\"user\":\"u9\",\"ts\":1764069000000,\"scene\":\"feed\"}\n");
        File.AppendAllText(run["logs/click.jsonl"], "{\"user\":\"u9\",\"ts\":1764069000000}\n");
        await Eventually.Holds(() => live.IsRunning && live.Summary!.Samples == 2, "the first windows have closed");

        Assert.AreEqual(0, (await live.StopAsync()).Unaccounted);
    }

    [TestMethod]
    [DataRow("paths: [none-*.jsonl]", ExitCodes.Configuration, "none-*.jsonl")]
    [DataRow("path: [x]", ExitCodes.Configuration, "paths")]
    [DataRow("paths: [\"logs/*.jsonl\"]", ExitCodes.Configuration, "exposure.jsonl")]
    public async Task WrongJob_Ends78_AndSaysWhat(string source, int code, string says)
    {
        using var run = new JobRun();
        string job = run.Write("job.yaml", File.ReadAllText(Write(run)).Replace("paths: [logs/click.jsonl]", source, StringComparison.Ordinal));

        Assert.AreEqual(code, await run.CallAsync("run", job, "--until-end"));
        StringAssert.Contains(run.Messages, says);
        Assert.AreEqual("", run.Output);
    }

    [TestMethod]
    public async Task UnknownFlag_Ends64()
    {
        using var run = new JobRun();
        Assert.AreEqual(ExitCodes.Usage, await run.CallAsync("run", Write(run), "--until-teh-end"));
    }

    private static string Write(JobRun run)
    {
        run.Write("logs/exposure.jsonl", Exposures);
        run.Write("logs/click.jsonl", Clicks);
        return run.Write("job.yaml", """
            job: small
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [logs/exposure.jsonl] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [logs/click.jsonl] } }, format: json, key: [user], time: { field: ts } }
            output:
              validate: { required: [scene], ranges: [ { field: position, min: 0, max: 500 } ] }
              sink: { files: { dir: out } }
            dead_letter: { files: { dir: dead } }
            state: { dir: state, memory: 32MiB }
            """);
    }
}
