using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting.Http;
using Pipeline.Logging;
using Pipeline.Reports;
using Pipeline.Topology;

namespace Pipeline.Hosting;

/// <summary>How a run is asked for, beside the job.</summary>
internal sealed record RunSettings
{
    /// <summary>Read to the ends found at the start, close every window, end.</summary>
    public bool UntilEnd { get; init; }

    /// <summary>From what state the run begins.</summary>
    public StartRequest Start { get; init; } = new();

    /// <summary>The sources end by themselves, as those of the timed demo do: every window closes, as with <see cref="UntilEnd"/>.</summary>
    public bool EndsByItself { get; init; }

    /// <summary>Makes sources of a kind that no job file names, such as the demo's.</summary>
    public Func<SourceOptions, SourceContext, ISource>? OtherSource { get; init; }

    /// <summary>Puts something around the sink, such as a brake for a measurement; null: nothing.</summary>
    public Func<ISampleSink, ISampleSink>? AroundSink { get; init; }

    /// <summary>Shows a report; null: lines for people.</summary>
    public Action<SampleTopology, JobSummary>? Report { get; init; }

    /// <summary>Where reports go.</summary>
    public ReportSettings Reports { get; init; } = new();

    /// <summary>Takes secrets out of what others say, before it is reported or served.</summary>
    public Func<string, string> Mask { get; init; } = static text => text;

    /// <summary>Time between reports; null: none.</summary>
    public TimeSpan? ReportInterval { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>One run of a job: opens state, sources and sinks, lets the topology run until its end or a request to stop, and sums up.</summary>
/// <remarks>Errors: whatever stops the run is thrown; the command maps it to an exit code.</remarks>
/// <param name="job">The job.</param>
/// <param name="settings">How it is run.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">Events for the operator.</param>
/// <param name="reportOutput">Where reports are written.</param>
internal sealed class JobRunner(JobOptions job, RunSettings settings, TimeProvider clock, EventLog log, TextWriter reportOutput)
{
    /// <summary>How often windows that go by the clock are told it.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until the end, or until told to stop, with everything read delivered.</summary>
    public async Task<JobSummary> RunAsync(CancellationToken stop)
    {
        long began = clock.GetTimestamp();
        long? readingSince = null;
        log.Delivery(Delivery);
        if (settings.Start.FromScratch) log.FromScratch();
        var telemetry = new RunTelemetry(job, settings.Mask, clock);
        var hub = new ReportHub(job, telemetry.Outages);
        await using HttpReports? http = settings.Reports.Http is { } where ? await HttpReports.StartAsync(where, hub, settings.Reports).ConfigureAwait(false) : null;
        if (http is not null)
        {
            log.Listens(http.Address);
            settings.Reports.Listening?.Invoke(http.Address);
        }
        using CancellationTokenRegistration noLongerReady = stop.Register(() => hub.IsStopping = true);
        using StateDirectory state = StateDirectory.Open(job, clock, log, telemetry.Outages);
        await using JobParts parts = JobParts.Make(job, settings, state, clock, log, telemetry);
        await parts.OpenAsync(stop).ConfigureAwait(false);
        log.Begins(parts.Plan.Says());
        var topology = new SampleTopology(parts.Topology);
        RunOrigin origin = RunOrigins.Of(parts, state, clock);
        using var checkpointer = new Checkpointer(job, topology, state, origin, clock, telemetry.Checkpoints, log);
        long recordsBefore = parts.Topology.Partitioner.Ledger.SourceRecords;
        JobSummary Summarize() => JobLedger.Summarize(job, Delivery, topology, parts.Topology.Partitioner.Ledger, recordsBefore, ProcessUse.Since(began, readingSince, clock));

        using var reports = new RunReports(ViewOf(parts, topology, checkpointer, telemetry, Summarize), settings.Reports, reportOutput);
        hub.Current = reports;

        // Both are called when what they ask about is over: every block is empty behind the last barrier.
        bool IsFinished() => parts.IsBounded && !stop.IsCancellationRequested && topology.Partition.Cut!.Tracker.Watermark == long.MaxValue;
        bool stoppedAtTheStart = false;
        async Task UnlessStopped(Task beginning)
        {
            try
            {
                await beginning.ConfigureAwait(false);
                readingSince = clock.GetTimestamp();
                hub.IsReading = true;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                stoppedAtTheStart = true;
                throw;
            }
        }

        using var running = new RunningTopology(
            topology,
            flow => UnlessStopped(BeginAsync(flow, checkpointer, parts, origin, stop)),
            flow => checkpointer.TakeAsync(flow, CancellationToken.None, cleanStop: true, IsFinished));
        using CancellationTokenRegistration stopping = stop.Register(running.Stop);
        using var loops = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] beside =
        [
            Every(job.State.CheckpointInterval, () => CheckpointAsync(running, checkpointer, parts, loops.Token), loops.Token),
            job.Time.Mode == TimeMode.Processing ? Every(Tick, () => running.TickAsync(clock.GetUtcNow().ToUnixTimeMilliseconds()), loops.Token) : Task.CompletedTask,
            Every(BlockViews.LookInterval, topology.Views.Look, loops.Token),
            Every(ManagedMemory.LookInterval, new ManagedMemory(job.State.Memory, new ProcessHeap()).Look, loops.Token),
            Every(RateBook.TickInterval, () => reports.Tick(RateBook.TickInterval), loops.Token),
            settings.ReportInterval is { } interval ? Every(interval, () => Report(topology, reports, Summarize), loops.Token) : Task.CompletedTask,
        ];
        foreach (Task loop in beside) running.Watch(loop);
        try
        {
            await running.Completion.ConfigureAwait(false);
        }
        catch (StageFaultException ended) when (stoppedAtTheStart)
        {
            // Nothing was read: as if it had been stopped while its sources were opened.
            throw new OperationCanceledException(ended.Message, ended, stop);
        }
        catch (Exception cause)
        {
            hub.Fault = settings.Mask(cause.Message);
            throw;
        }
        finally
        {
            hub.Current = null;
            await loops.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            parts.StoodStill = running.StoodStill;
        }
        JobSummary summary = Summarize();
        await parts.CommitAsync(checkpointer.OldestPositions).ConfigureAwait(false);
        if (summary.Unaccounted != 0) throw new InvariantException($"The ledger does not close: {summary.Unaccounted} events are unaccounted for.");
        if (checkpointer.Newest is { Finished: true } && summary.Open != 0) throw new InvariantException($"Every partition ended, and {summary.Open} events are still open.");
        return summary;
    }

    private string Delivery => Choices.Delivery.NameOf(job.Delivery);

    /// <summary>Before the first record: the checkpoint there is always to come back to, then the progress this run owns.</summary>
    private async Task BeginAsync(RunningTopology running, Checkpointer checkpointer, JobParts parts, RunOrigin origin, CancellationToken stop)
    {
        StartPlan plan = parts.Plan;
        if (plan.Kind != StartKind.Restore || plan.SettingsChanged || parts.EndsAreNew || plan.Progress is null) await checkpointer.TakeAsync(running, stop).ConfigureAwait(false);
        await parts.Topology.Sink.BeginAsync(RunOrigins.Progress(parts, origin, SettingsHash.Of(job)), fresh: plan.DiscardsOutput, stop).ConfigureAwait(false);
        CrashPoint.Reach(CrashPoint.AfterRestore);
    }

    private static async Task CheckpointAsync(RunningTopology running, Checkpointer checkpointer, JobParts parts, CancellationToken stop)
    {
        await checkpointer.TakeAsync(running, stop).ConfigureAwait(false);
        await parts.CommitAsync(checkpointer.OldestPositions).ConfigureAwait(false);
    }

    private void Report(SampleTopology topology, RunReports reports, Func<JobSummary> summarize)
    {
        if (settings.Report is null) reports.Write();
        else settings.Report(topology, summarize());
    }

    private RunView ViewOf(JobParts parts, SampleTopology topology, Checkpointer checkpointer, RunTelemetry telemetry, Func<JobSummary> summarize) => new()
    {
        Job = job,
        Topology = topology,
        Partitioner = parts.Topology.Partitioner,
        Checkpoints = telemetry.Checkpoints,
        OldestPositions = () => checkpointer.OldestPositions,
        Sink = telemetry.Sink,
        Outages = telemetry.Outages,
        Summarize = summarize,
        Clock = clock,
    };

    private Task Every(TimeSpan interval, Action work, CancellationToken stop) => Every(
        interval,
        () =>
        {
            work();
            return Task.CompletedTask;
        },
        stop);

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
