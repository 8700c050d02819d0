using System.Text.Json;
using Pipeline.Hosting;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A partition that appears while the job is down is read from its first record, under the last committed watermark.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class NewPartitionStartTests
{
    // The watermark at the stop is a second below user 48, the last of the first partition.
    private static readonly int[] Below = [3, 20];
    private static readonly int[] Above = [49];

    [TestMethod]
    public async Task PartitionThatAppearsWhileDown_HasTheCommittedWatermarkAsItsFloor_InEveryReplay()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        StartedTopicJob.Kafka.AddPartitions(job.Exposures, 3);
        job.ProduceExposures(partition: 2, [.. Below, .. Above]);

        await using (var live = new LiveJob(job.Path))
        {
            await Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == 103, "the new partition is read");
            JobSummary summary = await live.StopAsync();
            Assert.AreEqual((0L, 2L), (summary.Late["late"], summary.Late["late_idle"]), "below the floor, and not below the partition's own watermark");
            Assert.IsFalse(summary.Deterministic);
        }
        Assert.IsTrue(job.Checkpoints[0].Manifest!.Partitions.Single(partition => partition.Number == 2).Known);

        // Known from now on, and the same again where the replay begins before it was.
        job.LoseNewestCheckpoint();
        await EndAsync(job);
    }

    [TestMethod]
    public async Task PartitionThatAppearedWhileDown_IsTheSameInARebuild()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        StartedTopicJob.Kafka.AddPartitions(job.Exposures, 3);
        job.ProduceExposures(partition: 2, [.. Below, .. Above]);
        job.Produce(50, 60);
        job.ProduceExposures(partition: 2, 60);
        await using (var live = new LiveJob(job.Path))
        {
            // 60 users, one more exposure, three extra ones.
            await Eventually.Holds(() => live.IsRunning && live.Summary is { SourceRecords: 124, Samples: > 42 }, "all is read, and samples of it are committed");
            await live.StopAsync();
        }
        Directory.Delete(job.State, recursive: true);

        JsonElement summary = await job.Run.RunToEndAsync(job.Path, "--rebuild");

        Assert.AreEqual(2, summary.GetProperty("late").GetProperty("late_idle").GetInt64());
        Assert.HasCount(61, job.SampleKeys());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }

    private static async Task EndAsync(StartedTopicJob job)
    {
        JsonElement summary = await job.Run.RunToEndAsync(job.Path);
        Assert.AreEqual(2, summary.GetProperty("late").GetProperty("late_idle").GetInt64());
        Assert.HasCount(50, job.SampleKeys());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }
}
