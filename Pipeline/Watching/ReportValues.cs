using Pipeline.Metrics;
using Pipeline.Reports;

namespace Pipeline.Watching;

/// <summary>Finds values in a report by the catalogue's metrics.</summary>
internal sealed class ReportValues(Report report)
{
    private const string BlockLabel = "block", LaneLabel = "lane", NoLane = "-";
    private readonly GaugePart[] _gauges = [.. report.Contexts.SelectMany(static context => context.Gauges)];
    private readonly CounterPart[] _counters = [.. report.Contexts.SelectMany(static context => context.Counters)];
    private readonly MeterPart[] _meters = [.. report.Contexts.SelectMany(static context => context.Meters)];

    /// <summary>A gauge's readings.</summary>
    public IEnumerable<GaugePart> Gauges(MetricDefinition metric) => _gauges.Where(gauge => gauge.Name == metric.Name);

    /// <summary>A metric over all its labels.</summary>
    public double Sum(MetricDefinition metric) =>
        metric.Kind == MetricKind.Counter ? _counters.Where(counter => counter.Name == metric.Name).Sum(static counter => counter.Count) : Gauges(metric).Sum(static gauge => gauge.Value);

    /// <summary>The blocks, in the report's order.</summary>
    public IEnumerable<(string Name, string? Lane)> Blocks() =>
        Gauges(MetricCatalogue.QueueLength).Concat(Gauges(MetricCatalogue.BlockShare)).Select(static gauge => BlockOf(gauge.Tags)).Distinct();

    /// <summary>A block's value of a gauge.</summary>
    public double Gauge(MetricDefinition metric, (string Name, string? Lane) block) =>
        Gauges(metric).Where(gauge => BlockOf(gauge.Tags) == block).Select(static gauge => gauge.Value).FirstOrDefault();

    /// <summary>A block's count.</summary>
    public double Count(MetricDefinition metric, (string Name, string? Lane) block) =>
        _counters.Where(counter => counter.Name == metric.Name && BlockOf(counter.Tags) == block).Select(static counter => counter.Count).FirstOrDefault();

    /// <summary>A block's rate of the last minute.</summary>
    public double Rate(MetricDefinition metric, (string Name, string? Lane) block) =>
        _meters.Where(meter => meter.Name == metric.Name && BlockOf(meter.Tags) == block).Select(static meter => meter.OneMinuteRate).FirstOrDefault();

    private static (string, string?) BlockOf(IReadOnlyDictionary<string, string> tags) =>
        (tags.GetValueOrDefault(BlockLabel, ""), tags.GetValueOrDefault(LaneLabel) is { Length: > 0 } and not NoLane and var lane ? lane : null);
}
