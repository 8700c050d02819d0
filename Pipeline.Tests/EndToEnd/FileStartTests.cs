using System.Text.Json;
using Pipeline.Hosting;

namespace Pipeline.Tests.EndToEnd;

/// <summary>How a run from files to files goes on from what an earlier one left.</summary>
[TestClass]
public sealed class FileStartTests : StartContract
{
    private protected override StartedJob Make() => new StartedFileJob();

    [TestMethod]
    public async Task StopAndStartAgain_GoesOnWithOpenWindowsAndCounts()
    {
        using var job = new StartedFileJob();
        job.Produce(0, 50);
        JobSummary first = await job.RunUntilAsync(50);
        Assert.AreEqual(14, first.Open);
        job.Produce(50, 70);
        JobSummary second = await job.RunUntilAsync(70);
        Assert.AreEqual(140, second.Records);

        await job.EndsWithEachSampleOnceAsync(70);
    }

    [TestMethod]
    public async Task ShorterFile_IsRefused()
    {
        using var job = new StartedFileJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        string[] lines = File.ReadAllLines(job.Run["logs/exposure.jsonl"]);
        File.WriteAllLines(job.Run["logs/exposure.jsonl"], lines[..^1]);

        await job.RefusedAsync([job.Run["logs/exposure.jsonl"], "bytes or more"]);
    }

    [TestMethod]
    public async Task FileWhoseReadBytesChanged_IsRefused()
    {
        using var job = new StartedFileJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        string path = job.Run["logs/click.jsonl"];
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"u3\"", "\"u8\"", StringComparison.Ordinal));

        await job.RefusedAsync([path, "fingerprint"]);
    }

    [TestMethod]
    [DataRow("logs/exposure.jsonl")]
    [DataRow("logs/exposure-more.jsonl")]
    [DataRow("logs/click.jsonl")]
    public async Task MissingFile_IsRefused_ThoughItsPatternMatchesNothingNow(string name)
    {
        using var job = new StartedFileJob();
        job.Produce(0, 20);
        job.Run.Write("logs/exposure-more.jsonl", File.ReadAllText(job.Run["logs/exposure.jsonl"]));
        await using (var live = new LiveJob(job.Path))
        {
            await Fakes.Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 60, "all is read");
            await live.StopAsync();
        }
        File.Delete(job.Run[name]);

        await job.RefusedAsync([job.Run[name], "no such file"]);
    }

    [TestMethod]
    public async Task OutputThatWasDeleted_IsRefused()
    {
        using var job = new StartedFileJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        Directory.Delete(job.Run["out"], recursive: true);

        await job.RefusedAsync(["counts on", "it was deleted"]);
    }

    [TestMethod]
    public async Task OutputThatWasCut_IsRefused()
    {
        using var job = new StartedFileJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        string cut = Directory.GetFiles(job.Run["out"], "samples-*").First(static path => new FileInfo(path).Length > 0);
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..^1]);

        await job.RefusedAsync([cut, "committed bytes"]);
    }

    [TestMethod]
    public async Task OutputOfAnotherDelivery_IsKept()
    {
        using var job = new StartedFileJob("delivery: at-least-once");
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Change("delivery: at-least-once", "delivery: exactly-once");

        await job.EndsWithEachSampleOnceAsync(50);
    }

    [TestMethod]
    public async Task OutputWithoutStateOrProgress_IsNotDiscardedUnasked()
    {
        using var job = new StartedFileJob("delivery: at-least-once");
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Change("delivery: at-least-once", "delivery: exactly-once");
        Directory.Delete(job.State, recursive: true);

        await job.RefusedAsync(["expected no committed samples", "--from-scratch"]);
        await job.EndsWithEachSampleOnceAsync(50, "--from-scratch");
    }

    [TestMethod]
    public async Task DeadLetters_ComeAtLeastOnceOverARestart()
    {
        using var job = new StartedFileJob("dead_letter: { files: { dir: dead } }");
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Produce(5, 8); // late
        job.Produce(50, 60);
        await using (var live = new LiveJob(job.Path))
        {
            await Fakes.Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 126, "all is read");
            await live.StopAsync();
        }
        job.LoseNewestCheckpoint();

        await job.Run.RunToEndAsync(job.Path);

        (string, long)[] letters = [.. File.ReadAllLines(job.Run["dead/dead-letters.jsonl"]).Select(static line => JsonDocument.Parse(line).RootElement)
            .Where(static letter => letter.GetProperty("reason").GetString() == "late")
            .Select(static letter => (letter.GetProperty("source").GetString()!, letter.GetProperty("offset").GetInt64()))];
        Assert.HasCount(6, letters.Distinct(), "three exposures and three clicks, none missing");
        Assert.HasCount(12, letters, "the replay tells them again");
    }
}
