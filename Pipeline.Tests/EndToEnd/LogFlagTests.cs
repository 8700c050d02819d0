using System.Text.Json;
using Pipeline.Commands;

namespace Pipeline.Tests.EndToEnd;

/// <summary>What the flags of messages do to what a run says on standard error.</summary>
[TestClass]
public sealed class LogFlagTests
{
    [TestMethod]
    public async Task Json_IsAnObjectALine_WithTheJobAndThePlace()
    {
        using var run = new JobRun();

        await run.RunToEndAsync(Write(run), "--log-format", "json", "-v", "--report", "none");

        JsonElement[] events = [.. run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.IsNotEmpty(events);
        foreach (JsonElement one in events) Assert.AreEqual("logged", one.GetProperty("job").GetString());
        JsonElement refused = events.Single(static one => one.TryGetProperty("refusal", out JsonElement refusal) && refusal.GetString() == "malformed");
        Assert.AreEqual(
            ("warning", "exposure", run["exposure.jsonl"], 0, 33L),
            (refused.GetProperty("level").GetString(), refused.GetProperty("stream").GetString(), refused.GetProperty("topic").GetString(), refused.GetProperty("partition").GetInt32(), refused.GetProperty("offset").GetInt64()));
        JsonElement[] read = [.. events.Where(static one => one.TryGetProperty("file", out _))];
        CollectionAssert.AreEquivalent(new[] { "exposure", "click" }, read.Select(static one => one.GetProperty("stream").GetString()).ToArray());
        Assert.IsTrue(events.Any(static one => one.TryGetProperty("checkpoint", out _)));
    }

    [TestMethod]
    public async Task Text_IsTimeLevelAndMessage()
    {
        using var run = new JobRun();

        await run.RunToEndAsync(Write(run), "--report", "none");

        string[] lines = run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines) StringAssert.Matches(line, new(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info    |warning )\S.* job=logged$"));
        StringAssert.Contains(lines[0], " info    delivery: exactly-once ");
    }

    [TestMethod]
    public async Task Quiet_IsWarningsAndErrorsOnly()
    {
        using var run = new JobRun();
        string job = Write(run);

        await run.RunToEndAsync(job, "-q");
        string[] first = run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int again = await run.CallAsync("run", job, "--until-end", "-q");
        string[] second = run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.HasCount(1, first);
        StringAssert.Contains(first[0], " warning a record of stream exposure went to the dead letters as malformed: ");
        Assert.AreEqual(ExitCodes.DataRefused, again);
        Assert.HasCount(1, second);
        StringAssert.Contains(second[0], " error   stopped: ");
    }

    [TestMethod]
    public async Task Tools_SayTheirMessagesAlone_OrAsJson()
    {
        using var run = new JobRun();
        string job = run.Write("job.yaml", "job: [");

        await run.CallAsync("validate", job);
        string text = run.Messages;
        await run.CallAsync("validate", job, "--log-format", "json");

        StringAssert.StartsWith(text, "job.yaml:");
        foreach (string line in run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.AreEqual("error", JsonDocument.Parse(line).RootElement.GetProperty("level").GetString());
    }

    private static string Write(JobRun run)
    {
        run.Write("exposure.jsonl", "{\"user\":\"u1\",\"ts\":1764064800000}\n{\"user\":\n");
        run.Write("click.jsonl", "{\"user\":\"u1\",\"ts\":1764064801000}\n");
        return run.Write("job.yaml", """
            job: logged
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [exposure.jsonl] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [click.jsonl] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { files: { dir: out } } }
            dead_letter: { files: { dir: dead } }
            state: { dir: state, memory: 32MiB }
            """);
    }
}
