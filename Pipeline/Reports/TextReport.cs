using System.Globalization;
using System.Text;

namespace Pipeline.Reports;

/// <summary>Writes a report as App.Metrics' text: a block for each metric, with tags and fields aligned at their equal signs.</summary>
internal static class TextReport
{
    private const int Width = 20;
    private static readonly string Rule = new('-', 62);

    /// <summary>The whole report.</summary>
    public static string Of(Report report)
    {
        var text = new StringBuilder();
        foreach (ReportContext context in report.Contexts)
        {
            foreach (CounterPart counter in context.Counters) Write(text, report, context, counter);
            foreach (MeterPart meter in context.Meters) Write(text, report, context, meter);
            foreach (GaugePart gauge in context.Gauges) Begin(text, report, context, gauge.Name, gauge.Unit, "gauge", gauge.Tags).Field("value", gauge.Value).End();
            foreach (HistogramPart histogram in context.Histograms) Write(text, report, context, histogram);
            foreach (TimerPart timer in context.Timers) Write(text, report, context, timer);
            foreach (ApdexPart apdex in context.ApdexScores) Write(text, report, context, apdex);
        }
        return text.ToString();
    }

    private static void Write(StringBuilder text, Report report, ReportContext context, CounterPart counter)
    {
        Begin(text, report, context, counter.Name, counter.Unit, "counter", counter.Tags).Field("value", counter.Count).End();
        foreach (CounterItem item in counter.Items)
            Begin(text, report, context, counter.Name, counter.Unit, "counter", counter.Tags, item.Item).Field("value", item.Count).Field("percent", item.Percent).End();
    }

    private static void Write(StringBuilder text, Report report, ReportContext context, MeterPart meter)
    {
        Begin(text, report, context, meter.Name, meter.Unit, "meter", meter.Tags)
            .Field("count.meter", meter.Count).Field("rate.mean", meter.MeanRate).Field("rate1m", meter.OneMinuteRate).Field("rate5m", meter.FiveMinuteRate).Field("rate15m", meter.FifteenMinuteRate).End();
        foreach (MeterItem item in meter.Items)
            Begin(text, report, context, meter.Name, meter.Unit, "meter", meter.Tags, item.Item)
                .Field("count.meter", item.Count).Field("percent", item.Percent)
                .Field("rate.mean", item.MeanRate).Field("rate1m", item.OneMinuteRate).Field("rate5m", item.FiveMinuteRate).Field("rate15m", item.FifteenMinuteRate).End();
    }

    private static void Write(StringBuilder text, Report report, ReportContext context, HistogramPart of) =>
        Begin(text, report, context, of.Name, of.Unit, "histogram", of.Tags)
            .Field("count.hist", of.Count).Field("sum", of.Sum).Field("last", of.LastValue).Field("min", of.Min).Field("max", of.Max).Field("mean", of.Mean).Field("median", of.Median)
            .Field("stddev", of.StdDev).Field("p75", of.Percentile75).Field("p95", of.Percentile95).Field("p98", of.Percentile98).Field("p99", of.Percentile99).Field("p999", of.Percentile999).End();

    private static void Write(StringBuilder text, Report report, ReportContext context, TimerPart timer)
    {
        TimerHistogram of = timer.Histogram;
        Begin(text, report, context, timer.Name, timer.Unit, "timer", timer.Tags)
            .Field("count.hist", timer.Count).Field("rate.mean", timer.Rate.MeanRate).Field("rate1m", timer.Rate.OneMinuteRate).Field("rate5m", timer.Rate.FiveMinuteRate).Field("rate15m", timer.Rate.FifteenMinuteRate)
            .Field("sum", of.Sum).Field("last", of.LastValue).Field("min", of.Min).Field("max", of.Max).Field("mean", of.Mean).Field("median", of.Median)
            .Field("stddev", of.StdDev).Field("p75", of.Percentile75).Field("p95", of.Percentile95).Field("p98", of.Percentile98).Field("p99", of.Percentile99).Field("p999", of.Percentile999).End();
    }

    private static void Write(StringBuilder text, Report report, ReportContext context, ApdexPart apdex) =>
        Begin(text, report, context, apdex.Name, apdex.Unit, "apdex", apdex.Tags)
            .Field("score", apdex.Score).Field("satisfied", apdex.Satisfied).Field("tolerating", apdex.Tolerating).Field("frustrating", apdex.Frustrating).Field("samples", apdex.SampleSize).End();

    private static Point Begin(
        StringBuilder text, Report report, ReportContext context, string name, string unit, string kind, IReadOnlyDictionary<string, string> tags, string? item = null)
    {
        text.Append("# TIMESTAMP: ").Append(report.Timestamp.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)).Append('\n');
        text.Append("# MEASUREMENT: [").Append(context.Context).Append("] ").Append(name).Append('\n');
        text.Append("# TAGS:\n");
        var point = new Point(text);
        if (item is not null) point.Line("item", item);
        foreach ((string tag, string value) in tags) point.Line(tag, value);
        point.Line("mtype", kind).Line("unit", unit);
        text.Append("# FIELDS:\n");
        return point;
    }

    private readonly struct Point(StringBuilder text)
    {
        public Point Line(string name, string value)
        {
            text.Append(name.PadLeft(Width)).Append(" = ").Append(value).Append('\n');
            return this;
        }

        public Point Field(string name, double value) => Line(name, value.ToString("0.######", CultureInfo.InvariantCulture));

        public void End() => text.Append(Rule).Append('\n');
    }
}
