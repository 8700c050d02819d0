using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;
using Pipeline.Tests.Configuration;

namespace Pipeline.Tests.EndToEnd;

[TestClass]
public sealed class StopWhileStartingTests
{
    /// <summary>Between the opened sources and the first record there is a commit, which a broker that is away holds up: a stop meanwhile is no fault.</summary>
    [TestMethod]
    public async Task StopWhileTheFirstCommitWaits_IsAStop_AndNoBug()
    {
        using var text = new JobText();
        JobOptions job = text.LoadSound(JobText.Small);
        foreach (string name in (string[])["exposure.jsonl", "click.jsonl"]) await File.WriteAllTextAsync(Path.Combine(text.BaseDirectory, name), "");
        using var stop = new CancellationTokenSource();
        var begins = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var settings = new RunSettings { AroundSink = sink => new Waiting(sink, begins) };
        using EventLog log = EventLog.Open(TextWriter.Null, new EventLogOptions(), TimeProvider.System);
        Task<JobSummary> run = new JobRunner(job, settings, TimeProvider.System, log, TextWriter.Null).RunAsync(stop.Token);
        await begins.Task.WaitAsync(TimeSpan.FromSeconds(60));

        await stop.CancelAsync();

        OperationCanceledException stopped = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.AreEqual(stop.Token, stopped.CancellationToken);
    }

    private sealed class Waiting(ISampleSink sink, TaskCompletionSource begins) : ISampleSink
    {
        public Task<Progress?> ReadProgressAsync(CancellationToken stop) => sink.ReadProgressAsync(stop);

        public Task OpenAsync(CancellationToken stop) => sink.OpenAsync(stop);

        public async Task BeginAsync(Progress from, bool fresh, CancellationToken stop)
        {
            begins.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        }

        public Progress? Committed => null;

        public ValueTask WriteAsync(OutputBatch batch, CancellationToken stop) => sink.WriteAsync(batch, stop);

        public Task FlushAsync(CancellationToken stop) => sink.FlushAsync(stop);

        public ValueTask DisposeAsync() => sink.DisposeAsync();
    }
}
