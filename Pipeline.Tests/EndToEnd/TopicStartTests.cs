using Pipeline.Checkpoints;
using Pipeline.Commands;
using Pipeline.Hosting;

namespace Pipeline.Tests.EndToEnd;

/// <summary>How a run from topics to a topic goes on from what an earlier one left.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class TopicStartTests : StartContract
{
    private protected override StartedJob Make() => new StartedTopicJob();

    [TestMethod]
    public async Task StopAndStartAgain_GoesOnWithOpenWindowsAndCounts()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        JobSummary first = await job.RunUntilAsync(50);
        Assert.AreEqual(16, first.Open, "an exposure and a click of each user whose window is open");
        long watermark = job.Checkpoints[0].Manifest!.Watermark;

        JobSummary idle = await job.RunUntilAsync(50);
        Assert.AreEqual((first.Open, first.Joined, first.Records), (idle.Open, idle.Joined, idle.Records));
        Assert.AreEqual(watermark, job.Checkpoints[0].Manifest!.Watermark, "nothing was read, so that it stands");

        job.Produce(50, 100);
        JobSummary second = await job.RunUntilAsync(100);
        Assert.AreEqual(200, second.Records, "counts are those of the state's life");
        Assert.IsGreaterThan(watermark, job.Checkpoints[0].Manifest!.Watermark);
        Dictionary<(string, int), long> committed = job.CommittedOffsets();
        foreach (ManifestPartition oldest in job.Checkpoints[^1].Manifest!.Partitions)
            Assert.AreEqual(oldest.Position, committed[(oldest.Source, oldest.Number)], $"{oldest.Source}-{oldest.Number} at the oldest checkpoint");

        await job.EndsWithEachSampleOnceAsync(100);
    }

    [TestMethod]
    public async Task Finished_IsRefusedAndNamesFromScratch()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.EndsWithEachSampleOnceAsync(20);

        await job.RefusedAsync(["finished", "--from-scratch"]);
        await job.Run.RunToEndAsync(job.Path, "--from-scratch");

        Assert.HasCount(40, job.SampleKeys(), "progress is discarded with the state");
    }

    [TestMethod]
    public async Task Rebuild_OfInputThatIsGone_NamesWhatIsAskedForAndWhatIsThere()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        Directory.Delete(job.State, recursive: true);
        await StartedTopicJob.DeleteFirstAsync(job.Exposures, 0, 5);

        await job.RefusedAsync([$"{job.Exposures}-0", "offset 0", "offsets 5 to 25"], "--rebuild");
    }

    [TestMethod]
    public async Task Restore_OfInputThatIsGone_NamesWhatIsAskedFor_AndNewerCheckpointsStay()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        await StartedTopicJob.DeleteFirstAsync(job.Exposures, 0, 5);

        await job.RefusedAsync([$"{job.Exposures}-0", "offset 0", "offsets 5 to 25"], "--from", "1");
        Assert.AreEqual(50, (await job.Run.RunToEndAsync(job.Path)).GetProperty("samples").GetInt64());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }

    [TestMethod]
    public async Task Rebuild_WithNothingCommitted_IsRefused()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 5);

        await job.RefusedAsync(["--rebuild", "nothing is committed"], "--rebuild");
    }

    [TestMethod]
    public async Task DamagedCheckpoint_IsToldAndAnOlderOneUsed()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Produce(50, 70);
        await job.RunUntilAsync(70);
        StartedJob.Damage(job.Checkpoints[0]);

        await job.EndsWithEachSampleOnceAsync(70);
        StringAssert.Contains(job.EndMessages, "rejected: checkpoint 3: ");
    }

    [TestMethod]
    public async Task LogThatACheckpointNeeds_Missing_IsToldAndNothingStarted()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        Directory.Delete(Path.Combine(job.State, "lane-0"), recursive: true);

        await job.RefusedAsync(["rejected: checkpoint 2: ", "--rebuild"], "--from", "2");
    }

    [TestMethod]
    public async Task OnlyDamagedCheckpoints_AreRefusedWithEveryReason()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        foreach (ListedCheckpoint one in job.Checkpoints) StartedJob.Damage(one);

        await job.RefusedAsync(["no checkpoint is usable", "checkpoint 2: ", "checkpoint 1: ", "--rebuild", "--from-scratch"]);
        await job.EndsWithEachSampleOnceAsync(20, "--rebuild");
    }

    [TestMethod]
    public async Task From_BeginsFromAnOlderCheckpoint_AndLeavesNoneThatItHasCut()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Produce(50, 70);
        await job.RunUntilAsync(70);
        CollectionAssert.AreEqual(new long[] { 3, 2, 1 }, job.Checkpoints.Select(static one => one.Id).ToArray());

        await job.RefusedAsync(["--from 99", "usable: 3, 2, 1"], "--from", "99");
        await job.EndsWithEachSampleOnceAsync(70, "--from", "2");

        StringAssert.Contains(job.EndMessages, "checkpoint 3 is removed");
        long[] left = [.. job.Checkpoints.Select(static one => one.Id)];
        CollectionAssert.DoesNotContain(left, 3L);
        Assert.IsGreaterThan(3, left[0], "numbers go on");
    }

    [TestMethod]
    public async Task FlagsThatContradict_AreAUsageError()
    {
        using var job = new StartedTopicJob();

        Assert.AreEqual(ExitCodes.Usage, await job.Run.CallAsync("run", job.Path, "--until-end", "--rebuild", "--from", "2"));
        Assert.AreEqual(ExitCodes.Usage, await job.Run.CallAsync("run", job.Path, "--until-end", "--rebuild", "--from-scratch"));
    }

    [TestMethod]
    public async Task ProgressThatWasDeleted_IsRefused()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        await StartedTopicJob.DeleteTopicAsync(job.ProgressTopic);

        await job.RefusedAsync(["counts on", "it was deleted"]);
        await job.RefusedAsync(["counts on", "it was deleted"], "--from", "1");
    }

    [TestMethod]
    public async Task SamplesThatWereDeleted_AreRefused()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        await StartedTopicJob.DeleteTopicAsync(job.SampleTopic);

        await job.RefusedAsync([job.SampleTopic, "expected to exist", "--from-scratch"]);
    }

    [TestMethod]
    public async Task AnotherTopicOfTheSameName_IsRefused()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 20);
        await job.RunUntilAsync(20);
        await StartedTopicJob.DeleteTopicAsync(job.Exposures);
        StartedTopicJob.Kafka.CreateTopic(job.Exposures, 2);

        await job.RefusedAsync([$"{job.Exposures}-0", "another of that name"]);
    }

    [TestMethod]
    public async Task LaneCount_IsTheCheckpoints_AndSaysSo()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        int lanes = job.Checkpoints[0].Manifest!.Lanes.Count;

        await job.EndsWithEachSampleOnceAsync(50, "--lanes", $"{lanes + 1}");

        StringAssert.Contains(job.EndMessages, $"lanes: {lanes}, as in checkpoint 2; the {lanes + 1} asked for are ignored");
    }

    [TestMethod]
    public async Task AtLeastOnce_GoesOnFromACheckpoint_AndMissesNothing()
    {
        using var job = new StartedTopicJob("delivery: at-least-once");
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Produce(50, 70);
        await job.RunUntilAsync(70);
        job.LoseNewestCheckpoint();

        await job.Run.RunToEndAsync(job.Path);

        Assert.HasCount(70, job.SampleKeys().Distinct());
        Assert.HasCount(90, job.SampleKeys(), "those behind the checkpoint come again");
    }
}
