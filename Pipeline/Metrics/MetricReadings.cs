using System.Globalization;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Metrics;

/// <summary>One value of one metric.</summary>
/// <param name="Metric">Which.</param>
/// <param name="Labels">Values of the metric's labels, in its order.</param>
/// <param name="Value">The value of a counter or gauge, the count of a histogram, the score of an apdex.</param>
internal record MetricReading(MetricDefinition Metric, string[] Labels, double Value)
{
    /// <summary>Of a histogram or timer.</summary>
    public virtual DistributionReading Distribution => default;

    /// <summary>Of an apdex.</summary>
    public virtual ApdexReading Apdex => default;

    /// <summary>Metric and labels: the same for the same series at any time.</summary>
    public string Series => Labels.Length == 0 ? Metric.Name : $"{Metric.Name}|{string.Join('|', Labels)}";

    /// <summary>A label's value.</summary>
    public string Label(string name) => Labels[Array.IndexOf(Metric.Labels, name)];
}

/// <summary>One histogram or timer: a kind of its own, for its fourteen numbers would make every reading, of which most have one, four times as large.</summary>
/// <param name="Metric">Which.</param>
/// <param name="Labels">Values of the metric's labels, in its order.</param>
/// <param name="Found">The distribution.</param>
internal sealed record DistributionMetricReading(MetricDefinition Metric, string[] Labels, DistributionReading Found) : MetricReading(Metric, Labels, Found.Count)
{
    /// <inheritdoc/>
    public override DistributionReading Distribution => Found;
}

/// <summary>One apdex.</summary>
/// <param name="Metric">Which.</param>
/// <param name="Found">Its counts.</param>
internal sealed record ApdexMetricReading(MetricDefinition Metric, ApdexReading Found) : MetricReading(Metric, [], Found.Score)
{
    /// <inheritdoc/>
    public override ApdexReading Apdex => Found;
}

/// <summary>All values of one moment, in the order of the catalogue.</summary>
/// <remarks>Threading: filled by one thread, then immutable.</remarks>
internal sealed class MetricReadings(DateTimeOffset at)
{
    private readonly Dictionary<string, List<MetricReading>> _of = [];

    /// <summary>When they were read.</summary>
    public DateTimeOffset At { get; } = at;

    /// <summary>All of them.</summary>
    public IEnumerable<MetricReading> All => MetricCatalogue.All.SelectMany(Of);

    /// <summary>Those of one metric.</summary>
    public IReadOnlyList<MetricReading> Of(MetricDefinition metric) => _of.TryGetValue(metric.Name, out List<MetricReading>? found) ? found : [];

    /// <summary>Sum of a metric's values.</summary>
    public double Sum(MetricDefinition metric) => Of(metric).Sum(static reading => reading.Value);

    /// <summary>Adds a value.</summary>
    public void Add(MetricDefinition metric, double value, params string[] labels) => Add(new MetricReading(metric, labels, value));

    /// <summary>Adds a value of a lane.</summary>
    public void Add(MetricDefinition metric, double value, int lane) => Add(metric, value, lane.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds a distribution.</summary>
    public void Add(MetricDefinition metric, DistributionReading value, params string[] labels) =>
        Add(new DistributionMetricReading(metric, labels, value));

    /// <summary>Adds an apdex.</summary>
    public void Add(MetricDefinition metric, ApdexReading value) => Add(new ApdexMetricReading(metric, value));

    private void Add(MetricReading reading)
    {
        if (reading.Labels.Length != reading.Metric.Labels.Length) throw new ArgumentException($"{reading.Metric.Name}: expected labels {string.Join(',', reading.Metric.Labels)}, found {string.Join(',', reading.Labels)}");
        if (!_of.TryGetValue(reading.Metric.Name, out List<MetricReading>? all)) _of.Add(reading.Metric.Name, all = []);
        all.Add(reading);
    }
}
