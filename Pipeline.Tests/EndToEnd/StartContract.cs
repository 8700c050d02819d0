namespace Pipeline.Tests.EndToEnd;

/// <summary>What a start does with what an earlier run left, whatever the job reads and writes.</summary>
public abstract class StartContract
{
    private protected abstract StartedJob Make();

    [TestMethod]
    public async Task Crash_ReplaysFromTheOlderCheckpoint_AndWritesNothingTwice()
    {
        using StartedJob job = Make();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        job.Produce(50, 70);
        await job.RunUntilAsync(70);
        job.LoseNewestCheckpoint();

        await job.EndsWithEachSampleOnceAsync(70);
    }

    [TestMethod]
    public async Task LostState_IsRefusedUntilRebuilt_ThenEachSampleComesOnce()
    {
        using StartedJob job = Make();
        job.Produce(0, 50);
        await job.RunUntilAsync(50);
        Directory.Delete(job.State, recursive: true);
        job.Produce(50, 60);

        await job.RefusedAsync(["no checkpoint", "--rebuild", "--from-scratch"]);
        await job.EndsWithEachSampleOnceAsync(60, "--rebuild");
    }
}
