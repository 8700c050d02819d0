namespace Pipeline.Metrics;

/// <summary>What the catalogue's metrics are called in Prometheus' text.</summary>
internal static class PrometheusNames
{
    /// <summary>The metric's main family: its value; of a histogram or timer its quantiles.</summary>
    public static string Of(MetricDefinition metric) =>
        $"{Base(metric)}{Unit(metric)}{(metric.Kind == MetricKind.Counter ? "_total" : "")}";

    /// <summary>All of its families.</summary>
    public static IEnumerable<string> FamiliesOf(MetricDefinition metric) =>
        metric.Kind is MetricKind.Histogram or MetricKind.Timer ? [Of(metric), $"{Base(metric)}_count_total", $"{Base(metric)}_sum{Unit(metric)}_total"] : [Of(metric)];

    private static string Base(MetricDefinition metric) => metric.Name.Replace('.', '_');

    private static string Unit(MetricDefinition metric) => metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
}
