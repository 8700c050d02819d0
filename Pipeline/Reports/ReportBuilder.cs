using Pipeline.Blocks.Telemetry;
using Pipeline.Metrics;

namespace Pipeline.Reports;

/// <summary>Makes a report of readings.</summary>
internal static class ReportBuilder
{
    private const string RateUnit = "s";

    /// <summary>The report.</summary>
    public static Report Of(string job, string verdict, MetricReadings readings, RateBook rates) =>
        new(new DateTime(readings.At.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc), job, verdict, [.. Enum.GetValues<MetricContext>().Select(context => OfContext(context, readings, rates))]);

    private static ReportContext OfContext(MetricContext context, MetricReadings readings, RateBook rates)
    {
        MetricReading[] own = [.. readings.All.Where(reading => reading.Metric.Context == context)];
        MetricReading[][] counters = [.. Grouped(own.Where(static reading => reading.Metric.Kind == MetricKind.Counter))];
        return new ReportContext(
            context.ToString(),
            [.. Of(own, MetricKind.Apdex).Select(Apdex)],
            [.. counters.Select(Counter)],
            [.. Of(own, MetricKind.Gauge).Select(static reading => new GaugePart(reading.Metric.Name, reading.Metric.Unit, reading.Value, Tags(reading)))],
            [.. Of(own, MetricKind.Histogram).Select(Histogram)],
            [.. counters.Where(static group => group[0].Metric.HasRate).Select(group => Meter(group, rates))],
            [.. Of(own, MetricKind.Timer).Select(reading => Timer(reading, rates.Of(reading)))]);
    }

    private static IEnumerable<MetricReading> Of(MetricReading[] readings, MetricKind kind) => readings.Where(reading => reading.Metric.Kind == kind);

    /// <summary>A count with items has one for each value of the item's label.</summary>
    private static IEnumerable<MetricReading[]> Grouped(IEnumerable<MetricReading> counters) =>
        counters.GroupBy(static reading => (reading.Metric.Name, string.Join('|', Tags(reading).Values))).Select(static group => group.ToArray());

    private static CounterPart Counter(MetricReading[] group)
    {
        double sum = group.Sum(static reading => reading.Value);
        return new CounterPart(
            group[0].Metric.Name, group[0].Metric.Unit, sum, [.. Items(group).Select(reading => new CounterItem(ItemOf(reading), reading.Value, Percent(reading.Value, sum)))], Tags(group[0]));
    }

    private static MeterPart Meter(MetricReading[] group, RateBook rates)
    {
        double sum = group.Sum(static reading => reading.Value);
        Rates all = group.Select(rates.Of).Aggregate(static (a, b) => a + b);
        MeterItem[] items = [.. Items(group).Select(reading => Item(reading, rates.Of(reading), sum))];
        return new MeterPart(group[0].Metric.Name, group[0].Metric.Unit, sum, all.Mean, all.OneMinute, all.FiveMinutes, all.FifteenMinutes, RateUnit, items, Tags(group[0]));
    }

    private static MeterItem Item(MetricReading reading, Rates rates, double sum) =>
        new(ItemOf(reading), reading.Value, Percent(reading.Value, sum), rates.Mean, rates.OneMinute, rates.FiveMinutes, rates.FifteenMinutes);

    private static MetricReading[] Items(MetricReading[] group) => group[0].Metric.Item is null ? [] : group;

    private static string ItemOf(MetricReading reading) => reading.Label(reading.Metric.Item!);

    private static ApdexPart Apdex(MetricReading reading) => new(
        reading.Metric.Name, reading.Metric.Unit, reading.Apdex.Score, reading.Apdex.Satisfied, reading.Apdex.Tolerating, reading.Apdex.Frustrating, reading.Apdex.Count, Tags(reading));

    private static HistogramPart Histogram(MetricReading reading)
    {
        DistributionReading of = reading.Distribution;
        return new HistogramPart(
            reading.Metric.Name, reading.Metric.Unit, of.Count, of.Sum, of.Last, of.Min, of.Max, of.Mean, of.Median, of.StdDev, of.P75, of.P95, of.P98, of.P99, of.P999, of.Recent, Tags(reading));
    }

    private static TimerPart Timer(MetricReading reading, Rates rates)
    {
        DistributionReading of = reading.Distribution;
        var histogram = new TimerHistogram(of.Sum, of.Last, of.Min, of.Max, of.Mean, of.Median, of.StdDev, of.P75, of.P95, of.P98, of.P99, of.P999, of.Recent);
        var rate = new TimerRate(rates.Mean, rates.OneMinute, rates.FiveMinutes, rates.FifteenMinutes);
        return new TimerPart(reading.Metric.Name, reading.Metric.Unit, 0, of.Count, "s", RateUnit, histogram, rate, Tags(reading));
    }

    private static double Percent(double part, double whole) => whole == 0 ? 0 : Math.Round(100 * part / whole, 2);

    private static Dictionary<string, string> Tags(MetricReading reading)
    {
        var tags = new Dictionary<string, string>();
        for (int label = 0; label < reading.Labels.Length; label++)
            if (reading.Metric.Labels[label] != reading.Metric.Item) tags.Add(reading.Metric.Labels[label], reading.Labels[label]);
        return tags;
    }
}
