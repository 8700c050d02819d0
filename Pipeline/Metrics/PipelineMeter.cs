using System.Diagnostics.Metrics;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Metrics;

/// <summary>The catalogue as instruments of <c>System.Diagnostics.Metrics</c>, for whoever listens: Prometheus, OTLP, <c>dotnet-counters</c>.</summary>
/// <remarks>
/// All are observed: nothing is recorded while records flow. A histogram or timer is a gauge with the label <c>percentile</c>, and two counters, <c>.count</c> and <c>.sum</c>.
/// Threading: any.
/// </remarks>
internal sealed class PipelineMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Pipeline";

    private readonly Meter _meter;

    /// <summary>A meter over a run's metrics.</summary>
    /// <param name="read">Reads them.</param>
    /// <param name="name">Name of the meter.</param>
    public PipelineMeter(Func<MetricReadings> read, string name = Name)
    {
        _meter = new Meter(name);
        foreach (MetricDefinition metric in MetricCatalogue.All) Create(metric, read);
    }

    /// <summary>The percentiles of a distribution, each with the value of its label.</summary>
    public static (string Percentile, double Value)[] Percentiles(DistributionReading of) =>
        [("50", of.Median), ("75", of.P75), ("95", of.P95), ("98", of.P98), ("99", of.P99), ("99.9", of.P999)];

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Create(MetricDefinition metric, Func<MetricReadings> read)
    {
        switch (metric.Kind)
        {
            case MetricKind.Counter:
                _meter.CreateObservableCounter(metric.Name, () => Values(metric, read, static reading => reading.Value), metric.Unit, metric.Description);
                break;
            case MetricKind.Histogram or MetricKind.Timer:
                _meter.CreateObservableGauge(metric.Name, () => OfPercentiles(metric, read), metric.Unit, metric.Description);
                _meter.CreateObservableCounter($"{metric.Name}.count", () => Values(metric, read, static reading => reading.Distribution.Count), "{count}", $"Number of: {metric.Description}");
                _meter.CreateObservableCounter($"{metric.Name}.sum", () => Values(metric, read, static reading => reading.Distribution.Sum), metric.Unit, $"Sum of: {metric.Description}");
                break;
            default:
                _meter.CreateObservableGauge(metric.Name, () => Values(metric, read, static reading => reading.Value), metric.Unit, metric.Description);
                break;
        }
    }

    private static IEnumerable<Measurement<double>> Values(MetricDefinition metric, Func<MetricReadings> read, Func<MetricReading, double> value) =>
        read().Of(metric).Select(reading => new Measurement<double>(value(reading), Tags(reading)));

    private static IEnumerable<Measurement<double>> OfPercentiles(MetricDefinition metric, Func<MetricReadings> read) =>
        from reading in read().Of(metric)
        from at in Percentiles(reading.Distribution)
        select new Measurement<double>(at.Value, [.. Tags(reading), new KeyValuePair<string, object?>("percentile", at.Percentile)]);

    private static KeyValuePair<string, object?>[] Tags(MetricReading reading) =>
        [.. reading.Metric.Labels.Select((label, index) => new KeyValuePair<string, object?>(label, reading.Labels[index]))];
}
