using Pipeline.Blocks.Sinks;
using Pipeline.Commands;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>Two processes of one job: who may, takes over; who may not, disturbs nobody.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class SecondInstanceTests
{
    [TestMethod]
    public async Task SameStateDirectory_Ends75AtOnce_AndTheFirstGoesOn()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        await using (var first = new LiveJob(job.Path))
        {
            await job.ReadAsync(first, 50);

            Assert.AreEqual(ExitCodes.Fenced, await job.Run.CallAsync("run", job.Path, "--until-end"), job.Run.Messages);

            job.Produce(50, 60);
            await job.ReadAsync(first, 60);
            await first.StopAsync();
        }
        await job.EndsWithEachSampleOnceAsync(60);
    }

    [TestMethod]
    public async Task CopyOfTheState_TakesOver_AndTheFirstWritesNothingMore()
    {
        // Nothing is idle, closes windows by it and so calls the sink again: the first ends without that.
        using var job = new StartedTopicJob("idle_timeout: 1h");
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        StartedJob.Copy(job.State, job.Run["copy"]);
        string second = job.Run.Write("second.yaml", File.ReadAllText(job.Path).Replace("dir: state", "dir: copy", StringComparison.Ordinal));
        await using var first = new LiveJob(job.Path);
        await Eventually.Holds(() => first.IsRunning && first.Summary is not null, "the first runs");
        await using (var copy = new LiveJob(second))
        {
            await Eventually.Holds(() => copy.IsRunning && copy.Summary is not null, "the second runs");
            job.Produce(50, 60);
            await job.ReadAsync(copy, 60);

            await Assert.ThrowsExactlyAsync<SinkFencedException>(() => first.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
            await copy.StopAsync();
        }

        await job.Run.RunToEndAsync(second);
        await job.Run.VerifyAsync(second, "kafka", 60);
    }

    [TestMethod]
    public async Task FreshStateDirectory_IsRefused_AndTheFirstIsNotDisturbed()
    {
        using var job = new StartedTopicJob();
        job.Produce(0, 50);
        string other = job.Run.Write("other.yaml", File.ReadAllText(job.Path).Replace("dir: state", "dir: other", StringComparison.Ordinal));
        await using (var first = new LiveJob(job.Path))
        {
            await job.ReadAsync(first, 50);

            Assert.AreEqual(ExitCodes.DataRefused, await job.Run.CallAsync("run", other, "--until-end"), job.Run.Messages);
            StringAssert.Contains(job.Run.Messages, "--rebuild");

            job.Produce(50, 60);
            await job.ReadAsync(first, 60);
            await first.StopAsync();
        }
        await job.EndsWithEachSampleOnceAsync(60);
    }
}
