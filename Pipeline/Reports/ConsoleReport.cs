using System.Globalization;
using Pipeline.Blocks.Records;
using Pipeline.Hosting;
using Pipeline.Metrics;

namespace Pipeline.Reports;

/// <summary>The report an operator reads every few seconds: rates, the ledger, what holds the watermark, state, how busy and how back-pressured each block is, and the verdict.</summary>
/// <remarks>Threading: one thread; it reads counters that the stages write, some batches old.</remarks>
internal sealed class ConsoleReport
{
    private readonly RunView _run;
    private readonly JobMetrics _metrics;
    private long _recordsBefore;
    private long _before;

    /// <summary>Of a run.</summary>
    public ConsoleReport(RunView run, JobMetrics metrics)
    {
        (_run, _metrics) = (run, metrics);
        _before = run.Clock.GetTimestamp();
        _recordsBefore = run.Partitioner.Ledger.SourceRecords;
    }

    /// <summary>Makes one report.</summary>
    public string Make(string verdict)
    {
        JobSummary summary = _run.Summarize();
        long at = _run.Clock.GetTimestamp();
        double seconds = Math.Max(1e-3, _run.Clock.GetElapsedTime(_before, at).TotalSeconds);
        double rate = (summary.SourceRecords - _recordsBefore) / seconds;
        (_before, _recordsBefore) = (at, summary.SourceRecords);
        return Of(summary, _metrics.Read(), _metrics.Blocks(), WatermarkView.Of(_run), rate, verdict);
    }

    /// <summary>The lines of one moment.</summary>
    public static string Of(JobSummary summary, MetricReadings now, IReadOnlyList<BlockReading> blocks, WatermarkView watermark, double rate, string verdict) => string.Join('\n', (string[])[
        $"[{summary.Job}] {summary.Seconds:F0} s  {rate:N0} records/s  lag {now.Sum(MetricCatalogue.PartitionLag):N0}"
            + $"  samples {summary.Samples:N0}  positives {summary.Positives:N0}  join rate {summary.JoinRate:P1}  in flight {summary.Unaccounted:N0}",
        $"  ledger  records {summary.Records:N0}  rejected {summary.Rejected.Values.Sum():N0}  filtered {summary.Filtered:N0}  late {summary.Late.Values.Sum():N0}"
            + $"  duplicate {summary.Duplicate:N0}  joined {summary.Joined:N0}  orphaned {summary.Orphaned:N0}  invalid {summary.Invalid:N0}  open {summary.Open:N0}",
        $"  watermark {Watermark(watermark)}",
        $"  state   memory {(long)now.Sum(MetricCatalogue.StateMemory) >> 20:N0} MiB  disk {(long)now.Sum(MetricCatalogue.StateDisk) >> 20:N0} MiB"
            + $"  open windows {now.Sum(MetricCatalogue.WindowsOpen):N0}  checkpoint {now.Sum(MetricCatalogue.CheckpointAge):F0} s ago  rss {summary.PeakRssBytes >> 20:N0} MiB  cpu {summary.CpuSeconds:F1} s",
        .. HotKeys(now),
        $"  busy    {string.Join("  ", blocks.Select(static block => $"{block.FullName} {block.Recent.BusyShare:P0}"))}",
        $"  waiting {string.Join("  ", blocks.Where(static block => block.Name is not ("sink" or "dead-letters")).Select(static block => $"{block.FullName} {block.Pressure} {block.Recent.BackPressuredShare:P0}"))}",
        $"  → {verdict}"]);

    /// <summary>A line where keys are hot, none else.</summary>
    private static IEnumerable<string> HotKeys(MetricReadings now)
    {
        MetricReading[] hot = [.. now.Of(MetricCatalogue.HotKeyShare).Where(static key => key.Label("salts") != SkewReadings.NoKey)];
        if (hot.Length > 0) yield return $"  hot     {string.Join("  ", hot.Select(static key => $"{key.Label("key")} {key.Value:P1} (lane {key.Label("lane")}, {key.Label("salts")} salts)"))}";
    }

    private static string Watermark(WatermarkView watermark)
    {
        if (watermark.IsAtEnd) return "+∞ (every partition ended)";
        string at = watermark.Watermark == SourcePartition.NoTime ? "none yet" : Iso(watermark.Watermark);
        string what = watermark.Holder ?? "nothing";
        return watermark.HolderHasEvents ? $"{at}, waiting for {what}, {watermark.HolderBehind.TotalSeconds:F0} s behind" : $"{at}, waiting for {what}, which has no event yet";
    }

    private static string Iso(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
