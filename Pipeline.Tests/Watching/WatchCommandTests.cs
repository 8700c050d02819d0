using System.Text.Json;
using Pipeline.Commands;
using Pipeline.Metrics;
using Pipeline.Reports;
using Pipeline.Tests.Commands;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Watching;

[TestClass]
public sealed class WatchCommandTests
{
    [TestMethod]
    public async Task RunningJob_IsShownOnOneScreen_AsJson_AndAsATable()
    {
        using var folder = new TempFolder();
        await using LiveJob job = Start(folder, "watched", out Task<Uri> listening);
        string address = (await listening.WaitAsync(TimeSpan.FromSeconds(60))).Authority;
        await Eventually.Holds(() => job.IsRunning && job.Summary is { SourceRecords: 2, Unaccounted: 0 }, "all records are read");

        // What compiles for the first answer may take longer than a tool waits for it.
        await Eventually.Holds(async () => (await CommandRun.Of("status", "--http", address)).ExitCode == ExitCodes.Done, "it answers");
        // A reading that was made before the records were counted is given for a moment more.
        await Eventually.StaysTrue(() => job.IsRunning, JobMetrics.Freshness, "the run goes on");
        CommandRun status = await CommandRun.Of("status", "--http", address);
        CommandRun json = await CommandRun.Of("status", "--http", address, "--json");
        CommandRun top = await CommandRun.Of("top", "--http", address);

        Assert.AreEqual((ExitCodes.Done, ""), (status.ExitCode, status.Error));
        Assert.StartsWith("small: ready\n  → ", status.Output);
        Assert.Contains("  records 2  samples 0\n", status.Output);
        JsonElement found = JsonDocument.Parse(json.Output).RootElement;
        Assert.AreEqual(("small", true, 2d), (found.GetProperty("job").GetString(), found.GetProperty("ready").GetBoolean(), found.GetProperty("metrics").GetProperty("pipeline.source.records").GetDouble()));
        string[] blocks = [.. found.GetProperty("blocks").EnumerateArray().Select(static block => $"{block.GetProperty("name")}{block.GetProperty("lane")}").Distinct()];
        CollectionAssert.IsSubsetOf(new[] { "parse", "partition", "join0", "format", "sink" }, blocks);
        Assert.AreEqual(ExitCodes.Done, top.ExitCode);
        foreach (string cell in (string[])["back-pressure", "parse", "join-0", "sink", "→ "]) Assert.Contains(cell, top.Output);
        Assert.DoesNotContain("\u001b", top.Output);
    }

    [TestMethod]
    public async Task JobThatDoesNotAnswer_IsSaid_WithTheExitCodeOfWhatIsAway()
    {
        foreach (string command in (string[])["status", "top"])
        {
            CommandRun run = await CommandRun.Of(command, "--http", "127.0.0.1:1");

            Assert.AreEqual((ExitCodes.Unavailable, ""), (run.ExitCode, run.Output));
            Assert.StartsWith("127.0.0.1:1: expected a job that was started with --http 127.0.0.1:1: ", run.Error);
        }
    }

    [TestMethod]
    [DataRow("8080")]
    [DataRow("127.0.0.1:8080/metrics")]
    [DataRow("127.0.0.1:99999")]
    public async Task AddressThatIsNone_IsAUsageMistake(string address)
    {
        CommandRun run = await CommandRun.Of("status", "--http", address);

        Assert.AreEqual(ExitCodes.Usage, run.ExitCode);
        Assert.Contains($"--http takes host:port, found '{address}'", run.Error);
    }

    private static LiveJob Start(TempFolder folder, string meter, out Task<Uri> listening)
    {
        File.WriteAllText(folder["exposure.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064800000}\n");
        File.WriteAllText(folder["click.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064805000}\n");
        File.WriteAllText(folder["job.yaml"], JobText.Small);
        var listens = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        listening = listens.Task;
        return new LiveJob(folder["job.yaml"], reports: new ReportSettings { Http = new HttpSettings("127.0.0.1", 0, null), MeterName = meter, Listening = listens.SetResult });
    }
}
