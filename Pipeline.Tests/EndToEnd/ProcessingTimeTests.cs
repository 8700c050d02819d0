using Pipeline.Hosting;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>Windows that go by the clock close without further input, and the times in the events play no part.</summary>
[TestClass]
public sealed class ProcessingTimeTests
{
    /// <summary>What came while the job was down came, for its windows, when it was stopped: else every action of an outage would be an orphan.</summary>
    [TestMethod]
    public async Task ActionThatCameWhileDown_BelongsToTheWindowThatWasOpenAtTheStop()
    {
        using var run = new JobRun();
        run.Write("logs/exposure.jsonl", "{\"user\":\"u1\",\"ts\":1}\n");
        run.Write("logs/click.jsonl", "");
        string job = run.Write("job.yaml", """
            job: by-the-clock
            time: processing
            out_of_orderness: 1s
            window: { length: 10s }
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [logs/exposure.jsonl] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [logs/click.jsonl] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { files: { dir: out } } }
            state: { dir: state, memory: 32MiB }
            """);
        await using (var live = new LiveJob(job))
        {
            await Eventually.Holds(() => live.IsRunning && live.Summary?.Open == 1, "the exposure has opened its window");
            Assert.AreEqual(1, (await live.StopAsync()).Open);
        }
        File.AppendAllText(run["logs/click.jsonl"], "{\"user\":\"u1\",\"ts\":5}\n");
        await Eventually.StaysTrue(static () => true, TimeSpan.FromSeconds(12), "the window comes due while the job is down");

        await using var again = new LiveJob(job);
        await Eventually.Holds(() => again.IsRunning && again.Summary?.Samples == 1, "the window closes");
        JobSummary summary = await again.StopAsync();

        Assert.AreEqual((1L, 2L, 0L), (summary.Positives, summary.Joined, summary.Orphaned));
    }

    [TestMethod]
    public async Task WindowsCloseByTheClock_WhateverTheTimesInTheEventsSay()
    {
        using var run = new JobRun();
        run.Write("logs/exposure.jsonl", "{\"user\":\"u1\",\"ts\":1}\n{\"user\":\"u2\",\"ts\":99}\n");
        run.Write("logs/click.jsonl", "");
        string job = run.Write("job.yaml", """
            job: by-the-clock
            time: processing
            out_of_orderness: 1s
            idle_timeout: 1s
            window: { length: 4s }
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [logs/exposure.jsonl] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [logs/click.jsonl] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { files: { dir: out } } }
            state: { dir: state, memory: 32MiB }
            """);
        await using var live = new LiveJob(job);
        await Eventually.Holds(() => live.IsRunning && live.Summary?.Open == 2, "both exposures have opened their windows");
        File.AppendAllText(run["logs/click.jsonl"], "{\"user\":\"u1\",\"ts\":5}\n");

        await Eventually.Holds(() => live.IsRunning && live.Summary!.Samples == 2, "both windows have closed by themselves");

        JobSummary summary = await live.StopAsync();
        Assert.AreEqual(0, summary.Unaccounted);
        Assert.AreEqual(3, summary.Joined + summary.Orphaned, "the click came into its window, or after it where the machine was slow");
    }
}
