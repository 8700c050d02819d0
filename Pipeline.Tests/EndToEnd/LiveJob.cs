using Pipeline.Blocks.Sinks;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;
using Pipeline.Reports;
using Pipeline.Topology;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A job running in this process, observed through its reports and stopped as by a signal.</summary>
internal sealed class LiveJob : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StringWriter _messages = new();
    private readonly EventLog _log;
    private readonly Task<JobSummary> _run;

    public LiveJob(string jobFile, bool untilEnd = false, StartRequest? start = null, ReportSettings? reports = null)
    {
        LoadedJob loaded = JobLoader.Load(jobFile, [], new Dictionary<string, string>());
        Assert.IsNotNull(loaded.Job, string.Join('\n', loaded.Errors));
        Job = loaded.Job;
        var settings = new RunSettings { UntilEnd = untilEnd, Start = start ?? new StartRequest(), ReportInterval = TimeSpan.FromMilliseconds(50), Report = Observe, Reports = reports ?? new ReportSettings() };
        _log = EventLog.Open(TextWriter.Synchronized(_messages), new EventLogOptions { Form = EventForm.Plain, RepeatInterval = TimeSpan.Zero }, TimeProvider.System);
        _run = Task.Run(() => new JobRunner(loaded.Job, settings, TimeProvider.System, _log, TextWriter.Null).RunAsync(_stop.Token));
    }

    public JobOptions Job { get; }

    /// <summary>What it said to its operator; read when it has ended.</summary>
    public string Messages => _messages.ToString();

    /// <summary>The last report; null before the first.</summary>
    public JobSummary? Summary { get; private set; }

    public SampleTopology? Topology { get; private set; }

    /// <summary>Greatest bytes of state seen.</summary>
    public long MostMemory { get; private set; }

    public long MostDisk { get; private set; }

    /// <summary>Fails the caller when the run has failed.</summary>
    public bool IsRunning
    {
        get
        {
            if (_run.IsFaulted) _run.GetAwaiter().GetResult();
            return !_run.IsCompleted;
        }
    }

    /// <summary>Ends with the run, at its own end.</summary>
    public Task<JobSummary> Completion => _run;

    /// <summary>Stops as at a signal.</summary>
    public async Task<JobSummary> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _log.Dispose();
    }

    private void Observe(SampleTopology topology, JobSummary summary)
    {
        // Counts are there before the run has begun: those of the checkpoint. A stop would then find it starting.
        if (Job.Delivery == DeliveryMode.ExactlyOnce && topology.Sink.Committed is null) return;
        MostMemory = Math.Max(MostMemory, topology.Lanes.Sum(lane => lane.State.MemoryBytes));
        MostDisk = Math.Max(MostDisk, topology.Lanes.Sum(lane => lane.State.DiskBytes));
        Topology = topology;
        Summary = summary;
    }
}
