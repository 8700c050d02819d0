namespace Pipeline.Reports;

/// <summary>One report in the shape that readers of App.Metrics know: contexts with metrics by kind.</summary>
/// <param name="Timestamp">When it was made, UTC.</param>
/// <param name="Job">Name of the job.</param>
/// <param name="Verdict">What limits it.</param>
/// <param name="Contexts">The contexts.</param>
internal sealed record Report(DateTime Timestamp, string Job, string Verdict, IReadOnlyList<ReportContext> Contexts);

/// <summary>The metrics of one context.</summary>
internal sealed record ReportContext(
    string Context,
    IReadOnlyList<ApdexPart> ApdexScores,
    IReadOnlyList<CounterPart> Counters,
    IReadOnlyList<GaugePart> Gauges,
    IReadOnlyList<HistogramPart> Histograms,
    IReadOnlyList<MeterPart> Meters,
    IReadOnlyList<TimerPart> Timers);

/// <summary>A score.</summary>
internal sealed record ApdexPart(string Name, string Unit, double Score, long Satisfied, long Tolerating, long Frustrating, long SampleSize, IReadOnlyDictionary<string, string> Tags);

/// <summary>A count.</summary>
internal sealed record CounterPart(string Name, string Unit, double Count, IReadOnlyList<CounterItem> Items, IReadOnlyDictionary<string, string> Tags);

/// <summary>A part of a count.</summary>
internal sealed record CounterItem(string Item, double Count, double Percent);

/// <summary>A value.</summary>
internal sealed record GaugePart(string Name, string Unit, double Value, IReadOnlyDictionary<string, string> Tags);

/// <summary>A distribution, s.</summary>
internal sealed record HistogramPart(
    string Name, string Unit, long Count, double Sum, double LastValue, double Min, double Max, double Mean, double Median, double StdDev,
    double Percentile75, double Percentile95, double Percentile98, double Percentile99, double Percentile999, long SampleSize, IReadOnlyDictionary<string, string> Tags);

/// <summary>Rates of a count.</summary>
internal sealed record MeterPart(
    string Name, string Unit, double Count, double MeanRate, double OneMinuteRate, double FiveMinuteRate, double FifteenMinuteRate, string RateUnit,
    IReadOnlyList<MeterItem> Items, IReadOnlyDictionary<string, string> Tags);

/// <summary>Rates of a part of a count.</summary>
internal sealed record MeterItem(string Item, double Count, double Percent, double MeanRate, double OneMinuteRate, double FiveMinuteRate, double FifteenMinuteRate);

/// <summary>How long something takes, and how often it is done.</summary>
internal sealed record TimerPart(string Name, string Unit, int ActiveSessions, long Count, string DurationUnit, string RateUnit, TimerHistogram Histogram, TimerRate Rate, IReadOnlyDictionary<string, string> Tags);

/// <summary>The distribution of a timer.</summary>
internal sealed record TimerHistogram(
    double Sum, double LastValue, double Min, double Max, double Mean, double Median, double StdDev,
    double Percentile75, double Percentile95, double Percentile98, double Percentile99, double Percentile999, long SampleSize);

/// <summary>The rates of a timer.</summary>
internal sealed record TimerRate(double MeanRate, double OneMinuteRate, double FiveMinuteRate, double FifteenMinuteRate);
