using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;
using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;
using Pipeline.Verification;

namespace Pipeline.Tests.Verification;

/// <summary>Samples of a file job that is not finished are judged as far as its newest checkpoint says that it has come.</summary>
[TestClass]
public sealed class VerifyStateTests : IDisposable
{
    private const long Ten = 1_764_064_800_000;
    private readonly JobRun _run = new();

    public void Dispose() => _run.Dispose();

    [TestMethod]
    [DataRow("json", "all")]
    [DataRow("csv", "[ {from: scene} ]")]
    public async Task StoppedJob_IsJudgedUpToItsWatermark_ThoughItsFilesHaveGrown(string format, string features)
    {
        string job = Job(format, features);
        Append(0, 100);
        JobSummary stopped = await RunUntilAsync(job, live => live.Summary?.SourceRecords == 200);
        Append(100, 50);
        File.AppendAllText(_run["logs/click-0.jsonl"], "half a lin");
        Assert.IsGreaterThan(0, stopped.Open);

        await _run.VerifyAsync(job, _run["out"], stopped.Samples);

        StringAssert.Matches(_run.Messages, new("^checkpoint 2 of 20.*Z: verified up to watermark 2025-11-25T10:16:29.000Z; 0 samples behind it are not judged\\s*$"));
        string first = Directory.GetFiles(_run["out"], "samples-*").First(path => File.ReadLines(path).Count() > 2);
        string[] lines = File.ReadAllLines(first);
        await ExpectAsync(job, first, [.. lines[..^1]], (1, 0, 0, 0));
        await ExpectAsync(job, first, [.. lines[..^1], lines[^1].Replace("feed", "food", StringComparison.Ordinal)], (0, 0, 1, 0));
        await ExpectAsync(job, first, [.. lines, lines[^1]], (0, 0, 0, 1));
        await ExpectAsync(job, first, [.. lines, lines[^1].Replace(lines[^1][..20], lines[^1][..12] + "00000000", StringComparison.Ordinal)], (0, 1, 0, 0));
    }

    [TestMethod]
    public async Task JobStoppedAndGoneOnWith_IsJudgedFromItsFirstRecord()
    {
        string job = Job();
        Append(0, 100);
        await RunUntilAsync(job, live => live.Summary?.SourceRecords == 200);
        Append(100, 50);
        JobSummary stopped = await RunUntilAsync(job, live => live.Summary?.SourceRecords == 300);

        await _run.VerifyAsync(job, _run["out"], stopped.Samples);
        Assert.IsGreaterThan(130, stopped.Samples);
        JsonElement ended = await _run.RunToEndAsync(job);

        await _run.VerifyAsync(job, _run["out"], ended.GetProperty("samples").GetInt64());
        StringAssert.Contains(_run.Messages, "the job is finished, every window is judged");
        Assert.AreEqual(150, ended.GetProperty("samples").GetInt64());
        Append(150, 5);
        await _run.VerifyAsync(job, _run["out"], 150);
    }

    [TestMethod]
    public async Task SamplesBehindTheNewestCheckpoint_AreCountedAndNotJudged()
    {
        string job = Job();
        Append(0, 100);
        await using var live = new LiveJob(job);
        await Eventually.Holds(() => live.IsRunning && live.Summary?.Samples > 50 && Committed() == live.Summary.Samples, "samples are committed behind the first checkpoint");
        long samples = live.Summary!.Samples;

        // The lock is the running job's.
        await _run.VerifyAsync(job, _run["out"], 0);

        StringAssert.Contains(_run.Messages, $"checkpoint 1 of ");
        StringAssert.Contains(_run.Messages, $"verified up to watermark none; {samples} samples behind it are not judged");
        await live.StopAsync();
        await _run.VerifyAsync(job, _run["out"], samples);
    }

    [TestMethod]
    public async Task EventBelowTheFloorOfAPartitionThatWasIdle_IsLateForTheReferenceToo()
    {
        string job = Job(idle: "1s");
        Write("exposure", (0, 0), (1, 300));
        Write("click", (99, 0));
        JobSummary stopped;
        await using (var live = new LiveJob(job))
        {
            await Eventually.Holds(
                () =>
                {
                    // A stream that is silent with the other would hold the watermark where it is.
                    Write("exposure", (1, 300));
                    return live.IsRunning && live.Summary?.Samples == 1;
                },
                "the window of u0 has closed without its click");
            Write("click", (0, 1));
            await Eventually.Holds(() => live.IsRunning && live.Summary!.Late.GetValueOrDefault("late_idle") == 1, "its click came below the floor");
            Write("click", (1, 301), (98, 900));
            await Eventually.Holds(() => live.IsRunning && live.Summary!.Streams["click"].Records == 4, "the click of u1 is read, and its partition idle no longer");
            Write("exposure", (2, 900));
            await Eventually.Holds(() => live.IsRunning && live.Summary!.Samples == 2, "the window of u1 has closed");
            stopped = await live.StopAsync();
        }
        Assert.AreEqual(1, stopped.Positives);

        await _run.VerifyAsync(job, _run["out"], 2);

        CheckpointManifest manifest = CheckpointReader.List(_run["state"])[0].Manifest!;
        Assert.AreEqual(new SampleComparison(2, 2, 0, 0, 0, 0), Compare(job, manifest));
        Assert.AreEqual(new SampleComparison(2, 2, 0, 0, 1, 0), Compare(job, manifest with { Floors = FloorHistory.Empty }), "without floors u0's sample would be a positive");
        // A restart knows the floors of the run before.
        Write("exposure", (3, 2_000));
        Write("click", (97, 2_000));
        await RunUntilAsync(job, live => live.Summary?.Samples == 3);
        await _run.VerifyAsync(job, _run["out"], 3);
        await _run.RunToEndAsync(job);
        await _run.VerifyAsync(job, _run["out"], 4);
    }

    [TestMethod]
    public async Task WithoutACheckpoint_AllOfTheSourcesIsExpected_AndSaidSo()
    {
        string job = Job();
        Append(0, 10);
        _run.Write("out/samples-0.jsonl", "");

        Assert.AreEqual(ExitCodes.CheckFailed, await _run.CallAsync("verify", job, "--samples", _run["out"], "--examples", "0"));

        StringAssert.Contains(_run.Output, "\"missing\":10");
        Assert.AreEqual($"{_run["state"]}: no checkpoint; the sources are read whole and taken to have ended", _run.Messages.Trim());
    }

    [TestMethod]
    public async Task InputShorterThanWhatWasRead_CannotBeVerified()
    {
        string job = Job();
        Append(0, 20);
        await RunUntilAsync(job, live => live.Summary?.SourceRecords == 40);
        string log = _run["logs/click-0.jsonl"];
        File.WriteAllLines(log, File.ReadAllLines(log)[..^1]);

        Assert.AreEqual(ExitCodes.Configuration, await _run.CallAsync("verify", job, "--samples", _run["out"]));
        StringAssert.Contains(_run.Messages, $"{log}: expected the ");
        File.Delete(log);
        Assert.AreEqual(ExitCodes.Configuration, await _run.CallAsync("verify", job, "--samples", _run["out"]));
        StringAssert.Contains(_run.Messages, "found none");
    }

    private async Task ExpectAsync(string job, string file, string[] lines, (int Missing, int Extra, int Different, int Duplicates) expected)
    {
        byte[] whole = File.ReadAllBytes(file);
        string committed = _run["out/_committed.json"];
        byte[] lengths = File.ReadAllBytes(committed);
        File.WriteAllText(file, string.Concat(lines.Select(static line => line + "\n")));
        File.Delete(committed);
        Assert.AreEqual(ExitCodes.CheckFailed, await _run.CallAsync("verify", job, "--samples", _run["out"]));
        StringAssert.Contains(
            _run.Output, $"\"missing\":{expected.Missing},\"extra\":{expected.Extra},\"different\":{expected.Different},\"duplicates\":{expected.Duplicates}");
        File.WriteAllBytes(file, whole);
        File.WriteAllBytes(committed, lengths);
    }

    private SampleComparison Compare(string jobFile, CheckpointManifest manifest)
    {
        JobOptions job = JobLoader.Load(jobFile, [], new Dictionary<string, string>()).Job!;
        SourceCut cut = SourceCut.Of(manifest);
        ReferenceResult expected = ReferenceJoin.Run(job, SourceReader.ReadSpans(job, cut), cut.Watermark);
        return SampleComparison.Of(expected.Samples, FoundSamples.Read(job, _run["out"], null), 0, _ => { });
    }

    private static async Task<JobSummary> RunUntilAsync(string job, Func<LiveJob, bool> condition)
    {
        await using var live = new LiveJob(job);
        await Eventually.Holds(() => live.IsRunning && condition(live), "what the test waits for was read");
        return await live.StopAsync();
    }

    private long Committed()
    {
        if (!File.Exists(_run["out/_committed.json"])) return 0;
        using JsonDocument committed = JsonDocument.Parse(File.ReadAllBytes(_run["out/_committed.json"]));
        return committed.RootElement.GetProperty("files").EnumerateObject()
            .Sum(file => Encoding.UTF8.GetString(File.ReadAllBytes(_run["out/" + file.Name]).AsSpan(0, (int)file.Value.GetInt64())).Count(static c => c == '\n'));
    }

    /// <summary>An exposure and a click a user, ten seconds from user to user.</summary>
    private void Append(int from, int count)
    {
        (int, int)[] events = [.. Enumerable.Range(from, count).Select(static i => (i, i * 10))];
        Write("exposure", events);
        Write("click", events);
    }

    private void Write(string stream, params (int User, int Second)[] events)
    {
        Directory.CreateDirectory(_run["logs"]);
        File.AppendAllText(
            _run[$"logs/{stream}-0.jsonl"],
            string.Concat(events.Select(static one => $$"""{"user":"u{{one.User}}","ts":{{Ten + (one.Second * 1_000L)}},"scene":"feed"}""" + "\n")));
    }

    private string Job(string format = "json", string features = "all", string idle = "1h") => _run.Write("job.yaml", $$"""
        job: verify-state
        out_of_orderness: 1s
        idle_timeout: {{idle}}
        stream_idle_timeout: {{idle}}
        window: { length: 60s }
        streams:
          - { name: exposure, role: exposure, source: { files: { paths: ["logs/exposure-*.jsonl"] } }, format: json, key: [user], time: { field: ts } }
          - { name: click, role: action, source: { files: { paths: ["logs/click-*.jsonl"] } }, format: json, key: [user], time: { field: ts } }
        output: { format: {{format}}, features: {{features}}, sink: { files: { dir: out } } }
        state: { dir: state, memory: 32MiB, checkpoint_interval: 1h }
        parallelism: { lanes: 2 }
        """);
}
