using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Configuration;
using Pipeline.Topology;

namespace Pipeline.Hosting;

/// <summary>How a run is asked for, beside the job.</summary>
internal sealed record RunSettings
{
    /// <summary>Read to the ends found at the start, close every window, end.</summary>
    public bool UntilEnd { get; init; }

    /// <summary>Discard state; samples may repeat.</summary>
    public bool FromScratch { get; init; }

    /// <summary>The sources end by themselves, as those of the timed demo do: every window closes, as with <see cref="UntilEnd"/>.</summary>
    public bool EndsByItself { get; init; }

    /// <summary>Makes sources of a kind that no job file names, such as the demo's.</summary>
    public Func<SourceOptions, SourceContext, ISource>? OtherSource { get; init; }

    /// <summary>Puts something around the sink, such as a brake for a measurement; null: nothing.</summary>
    public Func<ISampleSink, ISampleSink>? AroundSink { get; init; }

    /// <summary>Shows a report; null: lines for people.</summary>
    public Action<SampleTopology, JobSummary>? Report { get; init; }

    /// <summary>Time between reports; null: none.</summary>
    public TimeSpan? ReportInterval { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>One run of a job: opens state, sources and sinks, lets the topology run until its end or a request to stop, and sums up.</summary>
/// <remarks>Errors: whatever stops the run is thrown; the command maps it to an exit code.</remarks>
internal sealed class JobRunner(JobOptions job, RunSettings settings, TimeProvider clock, TextWriter messages)
{
    /// <summary>How often windows that go by the clock are told it.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until the end, or until told to stop, with everything read delivered.</summary>
    public async Task<JobSummary> RunAsync(CancellationToken stop)
    {
        long began = clock.GetTimestamp();
        messages.WriteLine(Delivery());
        if (settings.FromScratch) messages.WriteLine("--from-scratch: state and progress are discarded; samples may repeat");
        using StateDirectory state = StateDirectory.Open(job, settings.FromScratch);
        await using JobParts parts = JobParts.Make(job, settings, state, clock, messages.WriteLine);
        await parts.OpenAsync(stop).ConfigureAwait(false);
        var topology = new SampleTopology(parts.Topology);
        using var running = new RunningTopology(topology);
        using CancellationTokenRegistration stopping = stop.Register(running.Stop);
        using var loops = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var safe = new SafePositions((long)job.Window.Length.TotalMilliseconds);
        Task[] beside =
        [
            Every(job.State.CheckpointInterval, () => Checkpoint(running, parts, safe), loops.Token),
            job.Time.Mode == TimeMode.Processing ? Every(Tick, () => running.TickAsync(clock.GetUtcNow().ToUnixTimeMilliseconds()), loops.Token) : Task.CompletedTask,
            settings.ReportInterval is { } interval ? Report(interval, topology, parts.Topology.Partitioner, loops.Token) : Task.CompletedTask,
        ];
        foreach (Task loop in beside) running.Watch(loop);
        try
        {
            await running.Completion.ConfigureAwait(false);
        }
        finally
        {
            await loops.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            parts.StoodStill = running.StoodStill;
        }
        await parts.FlushAsync().ConfigureAwait(false);
        JobSummary summary = JobLedger.Summarize(job, DeliveryInForce, topology, parts.Topology.Partitioner.Ledger, ProcessUse.Since(began, clock));
        WatermarkTracker tracker = parts.Topology.Partitioner.Tracker;
        safe.Note(tracker.MaxEventTime, parts.Topology.Partitioner.Positions.ToArray());
        if (safe.At(tracker.Watermark) is { } positions) await parts.CommitAsync(positions).ConfigureAwait(false);
        if (summary.Unaccounted != 0) throw new InvariantException($"The ledger does not close: {summary.Unaccounted} events are unaccounted for.");
        if (stop.IsCancellationRequested || !(settings.UntilEnd || settings.EndsByItself)) return summary;
        if (summary.Open != 0) throw new InvariantException($"Every partition ended, and {summary.Open} events are still open.");
        state.MarkFinished(summary);
        return summary;
    }

    private const string DeliveryInForce = "at-least-once";

    private string Delivery() =>
        job.Delivery == Pipeline.Blocks.Sinks.DeliveryMode.ExactlyOnce
            ? $"delivery: {DeliveryInForce} (the job asks for exactly-once, which this version does not have yet)"
            : $"delivery: {DeliveryInForce}";

    private static async Task Checkpoint(RunningTopology running, JobParts parts, SafePositions safe)
    {
        if (await running.PassBarrierAsync().ConfigureAwait(false) is not { } barrier) return;
        safe.Note(barrier.MaxEventTime, barrier.Positions);
        if (safe.At(barrier.Watermark) is { } positions) await parts.CommitAsync(positions).ConfigureAwait(false);
    }

    private async Task Report(TimeSpan interval, SampleTopology topology, Partitioner partitioner, CancellationToken stop)
    {
        long began = clock.GetTimestamp();
        var lines = new ConsoleReport(job, topology, partitioner, clock, messages);
        await Every(
            interval,
            () =>
            {
                JobSummary now = JobLedger.Summarize(job, DeliveryInForce, topology, partitioner.Ledger, ProcessUse.Since(began, clock));
                if (settings.Report is null) lines.Write(now);
                else settings.Report(topology, now);
                return Task.CompletedTask;
            },
            stop).ConfigureAwait(false);
    }

    private async Task Every(TimeSpan interval, Func<Task> work, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false)) await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
