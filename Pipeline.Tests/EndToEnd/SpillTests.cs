using Pipeline.Hosting;

namespace Pipeline.Tests.EndToEnd;

/// <summary>State beyond the memory budget lives on disk, and the budget holds.</summary>
[TestClass]
public sealed class SpillTests
{
    private const long Budget = 8 << 20;

    [TestMethod]
    public async Task OpenWindowsTwentyTimesTheBudget_StayRight_WithinTheBudget()
    {
        using var run = new JobRun();
        // All exposures fall into 9 s of event time, so that every window is open when the last of them arrives.
        Assert.AreEqual(0, await run.CallAsync("generate", "--exposures", "450000", "--partitions", "2", "--out", run["logs"]));
        string job = run.Write("job.yaml", $$"""
            job: spill
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: ["logs/exposure-*.jsonl"] } }, format: json, key: [user_id, item_id], time: { field: ts }, event_id: event_id }
              - { name: click, role: action, source: { files: { paths: ["logs/click-*.jsonl"] } }, format: json, key: [user_id, item_id], time: { field: ts }, event_id: event_id }
            output: { sink: { files: { dir: out } } }
            state: { dir: state, memory: {{Budget}} }
            parallelism: { lanes: 1 }
            """);
        JobSummary summary;
        await using (var live = new LiveJob(job, untilEnd: true))
        {
            summary = await live.Completion;
            Assert.IsGreaterThan(20 * Budget, live.MostDisk + live.MostMemory, "state was to be twenty times the budget");
            // The pages being read and written, and buckets of the reorder buffer that are due, stand beside the budget.
            Assert.IsLessThan(Budget + (8 << 20), live.MostMemory);
        }
        Assert.AreEqual(0, summary.Unaccounted);
        await run.VerifyAsync(job, run["out"], summary.Samples);
    }
}
