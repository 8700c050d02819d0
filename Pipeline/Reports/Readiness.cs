using Pipeline.Blocks.Telemetry;

namespace Pipeline.Reports;

/// <summary>Whether the job does its work now, check by check.</summary>
/// <param name="Ready">All checks hold.</param>
/// <param name="Checks">The checks.</param>
internal sealed record Readiness(bool Ready, IReadOnlyList<ReadinessCheck> Checks)
{
    /// <summary>A checkpoint this many intervals old is too old.</summary>
    public const int CheckpointIntervals = 3;

    /// <summary>Looks at what the run knows; asks nobody.</summary>
    public static Readiness Of(ReportHub hub)
    {
        RunReports? run = hub.Current;
        IReadOnlyList<Outage> outages = hub.Outages.Now;
        ReadinessCheck[] checks =
        [
            new("run", run is not null && hub.IsReading && !hub.IsStopping, run is null ? "starting or over" : hub.IsStopping ? "stopping" : hub.IsReading ? "reads" : "starting"),
            OfOutage("sources", OutageKind.Source, outages),
            OfOutage("state_disk", OutageKind.StateDisk, outages),
            OfOutage("sink", OutageKind.Sink, outages),
            Checkpoint(hub, run),
            new("fault", hub.Fault is null, hub.Fault ?? "none"),
        ];
        return new Readiness(checks.All(static check => check.Ok), checks);
    }

    private static ReadinessCheck OfOutage(string name, OutageKind kind, IReadOnlyList<Outage> outages)
    {
        Outage[] own = [.. outages.Where(outage => outage.Kind == kind)];
        return new ReadinessCheck(name, own.Length == 0, own.Length == 0 ? "answers" : string.Join("; ", own.Select(static outage => $"{outage.Where}: {outage.Cause}")));
    }

    private static ReadinessCheck Checkpoint(ReportHub hub, RunReports? run)
    {
        TimeSpan limit = hub.Job.State.CheckpointInterval * CheckpointIntervals;
        if (run is null) return new ReadinessCheck("checkpoint", true, "none yet");
        TimeSpan age = run.Metrics.Run.Checkpoints.Age;
        return new ReadinessCheck("checkpoint", age <= limit, FormattableString.Invariant($"{age.TotalSeconds:F0} s ago, at most {limit.TotalSeconds:F0} s"));
    }
}

/// <summary>One check.</summary>
/// <param name="Name">What.</param>
/// <param name="Ok">It holds.</param>
/// <param name="Says">What was found.</param>
internal sealed record ReadinessCheck(string Name, bool Ok, string Says);
