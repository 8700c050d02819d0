using Pipeline.Blocks.Telemetry;
using Pipeline.Configuration;

namespace Pipeline.Reports;

/// <summary>What HTTP answers from, also before the run has begun and while it ends.</summary>
/// <remarks>Threading: any.</remarks>
/// <param name="job">The job.</param>
/// <param name="outages">What is waited for, from the start on.</param>
internal sealed class ReportHub(JobOptions job, Outages outages)
{
    private volatile RunReports? _current;
    private volatile string? _fault;
    private volatile bool _isReading;
    private volatile bool _isStopping;

    /// <summary>The job.</summary>
    public JobOptions Job { get; } = job;

    /// <summary>What is waited for.</summary>
    public Outages Outages { get; } = outages;

    /// <summary>The run's reports; null before it has begun and when it is over.</summary>
    public RunReports? Current { get => _current; set => _current = value; }

    /// <summary>Why the run failed; null: it has not.</summary>
    public string? Fault { get => _fault; set => _fault = value; }

    /// <summary>Its beginning is over: records are read.</summary>
    public bool IsReading { get => _isReading; set => _isReading = value; }

    /// <summary>It was told to stop.</summary>
    public bool IsStopping { get => _isStopping; set => _isStopping = value; }
}
