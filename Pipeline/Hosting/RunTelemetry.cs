using Pipeline.Blocks.Telemetry;
using Pipeline.Checkpoints;
using Pipeline.Configuration;

namespace Pipeline.Hosting;

/// <summary>What the parts of a run tell, for reports and readiness.</summary>
/// <remarks>Threading: any.</remarks>
internal sealed class RunTelemetry
{
    /// <summary>How long behind its window's end, beside the out-of-orderness that is waited for anyhow, a sample may come and satisfy.</summary>
    public static readonly TimeSpan SampleTarget = TimeSpan.FromSeconds(5);

    /// <summary>Of a job; nothing has happened yet.</summary>
    /// <param name="job">The job.</param>
    /// <param name="mask">Takes secrets out of texts.</param>
    /// <param name="clock">The clock.</param>
    public RunTelemetry(JobOptions job, Func<string, string> mask, TimeProvider clock)
    {
        Sink = new SinkTelemetry(clock, new SampleAges(job.Window.Length, job.Time.OutOfOrderness + SampleTarget, clock));
        Outages = new Outages(clock, mask);
        Checkpoints = new CheckpointTelemetry(clock);
    }

    /// <summary>Commits and ages.</summary>
    public SinkTelemetry Sink { get; }

    /// <summary>What is waited for.</summary>
    public Outages Outages { get; }

    /// <summary>Checkpoints.</summary>
    public CheckpointTelemetry Checkpoints { get; }
}
