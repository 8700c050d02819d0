using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;
using Pipeline.Hosting;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A bounded run stays bounded at its ends until it is finished, whoever starts it again and however.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class BoundedStartTests
{
    [TestMethod]
    public async Task UntilEnd_EndedEarly_StaysBoundedWithoutTheFlag_ThoughMoreHasCome()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.Run.RunToEndAsync(job.Path);
        job.LoseNewestCheckpoint();
        job.Produce(50, 60);

        await using var again = new LiveJob(job.Path);
        JobSummary summary = await again.Completion;

        Assert.AreEqual((100, 50), (summary.SourceRecords, summary.Samples));
        Assert.IsTrue(job.Checkpoints[0].Manifest!.Finished);
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
        Assert.HasCount(50, job.SampleKeys());
    }

    [TestMethod]
    public async Task FollowedJob_WithUntilEnd_BecomesBounded()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        await job.Run.RunToEndAsync(job.Path);
        job.LoseNewestCheckpoint();
        Assert.IsFalse(job.Checkpoints[0].Manifest!.Partitions.Any(static partition => partition.End == SourcePartition.NoEnd), "ends are kept before anything depends on them");
        job.Produce(50, 60);

        await using var again = new LiveJob(job.Path);
        await again.Completion;

        Assert.HasCount(50, job.SampleKeys());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }

    [TestMethod]
    public async Task FollowedJob_BoundedLater_RebuiltWithoutTheFlag_StopsAtItsEnds()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        await job.Run.RunToEndAsync(job.Path);
        Directory.Delete(job.State, recursive: true);
        job.Produce(50, 60);

        await using var again = new LiveJob(job.Path, start: new StartRequest { Rebuild = true });
        await again.Completion;

        Assert.HasCount(50, job.SampleKeys());
        CollectionAssert.AllItemsAreUnique(job.SampleKeys().ToArray());
    }
}
