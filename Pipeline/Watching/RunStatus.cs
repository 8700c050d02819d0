using Pipeline.Metrics;
using Pipeline.Reports;

namespace Pipeline.Watching;

/// <summary>A running job on one screen: what its report and its readiness say, as numbers.</summary>
/// <param name="Job">Its name; empty before the run has begun.</param>
/// <param name="Ready">It does its work.</param>
/// <param name="Checks">What that was found by.</param>
/// <param name="Verdict">What limits it.</param>
/// <param name="Metrics">Totals by name.</param>
/// <param name="Blocks">Its blocks in the order of the flow.</param>
internal sealed record RunStatus(
    string Job, bool Ready, IReadOnlyList<ReadinessCheck> Checks, string Verdict, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<BlockStatus> Blocks)
{
    private static readonly MetricDefinition[] Totals =
    [
        MetricCatalogue.SourceRecords, MetricCatalogue.PartitionLag, MetricCatalogue.WatermarkBehind, MetricCatalogue.Samples, MetricCatalogue.Positives,
        MetricCatalogue.JoinRate, MetricCatalogue.PositiveRate, MetricCatalogue.StreamRejected, MetricCatalogue.StreamLate, MetricCatalogue.SamplesInvalid,
        MetricCatalogue.StreamUnaccounted, MetricCatalogue.WindowsOpen, MetricCatalogue.StateMemory, MetricCatalogue.StateMemoryLimit, MetricCatalogue.StateDisk,
        MetricCatalogue.CheckpointAge, MetricCatalogue.CommitAge, MetricCatalogue.Memory, MetricCatalogue.Uptime,
    ];

    /// <summary>Who holds the watermark.</summary>
    public string Holder { get; private init; } = "";

    /// <summary>Of a report, null before there is one, and the readiness.</summary>
    /// <param name="report">The report.</param>
    /// <param name="readiness">The readiness.</param>
    /// <param name="before">The report before it, for rates between the two; null: the report's own rates, of the last minute.</param>
    public static RunStatus Of(Report? report, Readiness readiness, Report? before = null)
    {
        if (report is null) return new RunStatus("", readiness.Ready, readiness.Checks, "", new Dictionary<string, double>(), []);
        var read = new ReportValues(report);
        ReportValues? earlier = before is null ? null : new ReportValues(before);
        double seconds = before is null ? 0 : (report.Timestamp - before.Timestamp).TotalSeconds;
        return new RunStatus(
            report.Job, readiness.Ready, readiness.Checks, report.Verdict,
            Totals.ToDictionary(static metric => metric.Name, read.Sum),
            [.. read.Blocks().Select(block => BlockStatus.Of(block, read, earlier, seconds))])
        {
            Holder = read.Gauges(MetricCatalogue.WatermarkHolder).Select(static gauge => gauge.Tags.GetValueOrDefault("holder", "")).FirstOrDefault() ?? "",
        };
    }

    /// <summary>A total.</summary>
    public double this[MetricDefinition metric] => Metrics.GetValueOrDefault(metric.Name);
}

/// <summary>A block of the flow.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Lane">Its lane; null for none.</param>
/// <param name="Busy">Busy part of its workers' time.</param>
/// <param name="BackPressure">Part of the time in which it waits for the next.</param>
/// <param name="Queued">Batches that wait before it.</param>
/// <param name="Capacity">Most that may.</param>
/// <param name="ItemsPerSecond">Records, events or samples that go through it.</param>
internal sealed record BlockStatus(string Name, string? Lane, double Busy, double BackPressure, double Queued, double Capacity, double ItemsPerSecond)
{
    /// <summary>Of a report.</summary>
    public static BlockStatus Of((string Name, string? Lane) block, ReportValues now, ReportValues? before, double seconds)
    {
        double rate = before is null || seconds <= 0
            ? now.Rate(MetricCatalogue.BlockItems, block)
            : Math.Max(0, now.Count(MetricCatalogue.BlockItems, block) - before.Count(MetricCatalogue.BlockItems, block)) / seconds;
        return new BlockStatus(
            block.Name, block.Lane, now.Gauge(MetricCatalogue.BlockShare, block), now.Gauge(MetricCatalogue.BlockPressure, block), now.Gauge(MetricCatalogue.QueueLength, block),
            now.Gauge(MetricCatalogue.QueueCapacity, block), rate);
    }
}
