using System.Text.Json;
using Pipeline.Checkpoints;
using Pipeline.Hosting;

namespace Pipeline.Tests.EndToEnd;

/// <summary>Changed settings: refused where a replay would contradict what is committed, accepted after a clean stop, and kept over a crash from there on.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class SettingsStartTests
{
    private const string Filter = ", filter: [ { field: ts, min: 1 } ] }";

    [TestMethod]
    public async Task ChangedSettings_WithSamplesBehindTheCheckpoint_AreRefusedAndNamed()
    {
        using var job = new StartedTopicJob();
        await CrashAsync(job);
        job.Change("out_of_orderness: 1s", "out_of_orderness: 5s");

        await job.RefusedAsync(["other settings", "out_of_orderness", "1s", "5s", "--from-scratch"]);

        job.Change("out_of_orderness: 5s", "out_of_orderness: 1s");
        await job.EndsWithEachSampleOnceAsync(70);
    }

    [TestMethod]
    public async Task AddedFilter_WithSamplesBehindTheCheckpoint_IsRefusedAndNamed()
    {
        using var job = new StartedTopicJob();
        await CrashAsync(job);
        job.Change("time: { field: ts } }", "time: { field: ts }" + Filter);

        await job.RefusedAsync(["other settings", "filter"]);
    }

    [TestMethod]
    public async Task ChangedSettings_AfterACleanStop_AreAccepted_AndACrashComesBackUnderThem()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Change("time: { field: ts } }", "time: { field: ts }" + Filter);
        job.Produce(50, 70);

        await job.RunUntilAsync(70);
        job.LoseNewestCheckpoint();
        JsonElement summary = await job.Run.RunToEndAsync(job.Path);

        Assert.AreEqual(70, summary.GetProperty("samples").GetInt64());
        Assert.HasCount(70, job.SampleKeys());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }

    /// <summary>Committed samples of two settings: no replay with either makes them all again.</summary>
    [TestMethod]
    public async Task ChangedSettings_CannotBeRebuilt()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Change("out_of_orderness: 1s", "out_of_orderness: 5s");
        await job.RunUntilAsync(50);
        Directory.Delete(job.State, recursive: true);

        await job.RefusedAsync(["--rebuild: committed samples were made with other settings"], "--rebuild");
    }

    /// <summary>What the watermark has passed is passed: an event that the greater disorder would let in comes too late for windows that are applied.</summary>
    [TestMethod]
    public async Task GreaterDisorder_LetsNothingInThatTheWatermarkHasPassed_AlsoInAReplay()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Change("out_of_orderness: 1s", "out_of_orderness: 600s");
        // User 48 is the last of the first partition: the watermark is a second below it.
        job.ProduceExposures(partition: 0, 10, 47);
        await using (var live = new LiveJob(job.Path))
        {
            await Fakes.Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 102, "both are read");
            JobSummary summary = await live.StopAsync();
            Assert.AreEqual((0L, 2L), (summary.Late["late"], summary.Late["late_idle"]));
            Assert.AreEqual(16, summary.Open);
        }
        job.LoseNewestCheckpoint();

        JsonElement again = await job.Run.RunToEndAsync(job.Path);

        Assert.AreEqual(2, again.GetProperty("late").GetProperty("late_idle").GetInt64());
        Assert.HasCount(50, job.SampleKeys());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }

    [TestMethod]
    [DataRow("length: 60s", "length: 50s", "a window of 00:01:00, now 00:00:50")]
    [DataRow("name: click,", "name: tap,", "streams exposure (exposure), click (action), now exposure (exposure), tap (action)")]
    [DataRow("length: 60s }", "length: 60s, anchor: first }", "anchor exposure, now first")]
    [DataRow("job: ", "dead_letter: { files: { dir: dead } }\njob: ", "no dead_letter, now one")]
    [DataRow("key: [user]", "key: [user, ts]", "stream exposure with 1 key fields, now 2")]
    public async Task WhatOpenWindowsWereMadeWith_Changed_IsRefusedAndNamed(string before, string now, string difference)
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 10);
        await job.RunUntilAsync(10);
        job.Change(before, now);

        await job.RefusedAsync([difference, "--from-scratch"]);
    }

    [TestMethod]
    public async Task CheckpointOfAnotherRelease_IsNotPassedOver()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        StartedJob.Rewrite(job.Checkpoints[0], static manifest => manifest with { FormatVersion = CheckpointManifest.CurrentFormat + 1 });

        await job.RefusedAsync(["expected format_version", "release that wrote it", "--from-scratch"]);
    }

    [TestMethod]
    public async Task CheckpointOfAnotherContract_BehindADamagedOne_IsNotPassedOverEither()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        await job.RunUntilAsync(20);
        StartedJob.Damage(job.Checkpoints[0]);
        StartedJob.Rewrite(job.Checkpoints[1], static manifest => manifest with { ContractVersion = manifest.ContractVersion + 1 });

        await job.RefusedAsync(["expected contract_version", "release that wrote it"]);
    }

    /// <summary>Behind the newest checkpoint there are committed samples.</summary>
    private static async Task CrashAsync(StartedTopicJob job)
    {
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Produce(50, 70);
        await job.RunUntilAsync(70);
        job.LoseNewestCheckpoint();
    }
}
