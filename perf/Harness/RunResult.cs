using System.Globalization;
using System.Text.Json;

namespace Pipeline.Perf.Harness;

/// <summary>What one run of the whole process took.</summary>
/// <param name="RecordsPerSecond">Source records over the wall time from the first read on, to the last commit: JIT is inside; the start of the runtime and the deletion of what the run before has left (5 GB take 3 s) are outside.</param>
/// <param name="CpuSecondsPerMillion">User and system time of the process since its start, per million records.</param>
/// <param name="PeakRssMegabytes">Greatest resident memory.</param>
internal readonly record struct RunResult(double RecordsPerSecond, double CpuSecondsPerMillion, double PeakRssMegabytes)
{
    /// <summary>What a run's summary says; one whose ledger does not close fails.</summary>
    public static RunResult Of(JsonElement summary)
    {
        if (summary.GetProperty("unaccounted").GetInt64() != 0) throw new InvalidOperationException($"The ledger does not close: {summary}");
        double records = summary.GetProperty("source_records").GetInt64();
        return new RunResult(
            records / summary.GetProperty("reading_seconds").GetDouble(),
            summary.GetProperty("cpu_seconds").GetDouble() * 1e6 / records,
            summary.GetProperty("peak_rss_bytes").GetInt64() / 1e6);
    }

    /// <summary>The median of each figure.</summary>
    public static RunResult Median(IReadOnlyList<RunResult> results) => new(
        Median(results.Select(static r => r.RecordsPerSecond)), Median(results.Select(static r => r.CpuSecondsPerMillion)), Median(results.Select(static r => r.PeakRssMegabytes)));

    /// <summary>The machine and the medians of all runs, as rows of a table.</summary>
    public static void Print(string scenario, IReadOnlyList<RunResult> results)
    {
        Console.WriteLine(Machine.Line);
        Console.WriteLine($"{"scenario",-14}{"runs",6}{"records/s",14}{"(least – most)",26}{"CPU s/M",10}{"peak RSS MB",13}");
        string range = string.Create(CultureInfo.InvariantCulture, $"({results.Min(r => r.RecordsPerSecond):N0} – {results.Max(r => r.RecordsPerSecond):N0})");
        Console.WriteLine(
            $"{scenario,-14}{results.Count,6}{Median(results.Select(r => r.RecordsPerSecond)),14:N0}{range,26}{Median(results.Select(r => r.CpuSecondsPerMillion)),10:F2}{Median(results.Select(r => r.PeakRssMegabytes)),13:N0}");
    }

    /// <summary>Records/s, least and most of them, CPU and memory of some runs as cells of a table in Markdown.</summary>
    public static string Cells(IReadOnlyList<RunResult> results)
    {
        RunResult median = Median(results);
        return string.Create(CultureInfo.InvariantCulture,
            $"{median.RecordsPerSecond:N0} | {results.Min(r => r.RecordsPerSecond):N0} – {results.Max(r => r.RecordsPerSecond):N0} | {median.CpuSecondsPerMillion:F2} | {median.PeakRssMegabytes:N0}");
    }

    /// <summary>Records/s of each run over those of the one beside it, and their median: what two runs of the same minute say, whatever the machine's hour.</summary>
    public static string Pairs(IReadOnlyList<RunResult> over, IReadOnlyList<RunResult> under)
    {
        double[] ratios = [.. over.Zip(under, static (one, other) => one.RecordsPerSecond / other.RecordsPerSecond)];
        return string.Create(CultureInfo.InvariantCulture, $"pairs {string.Join(", ", ratios.Select(static ratio => ratio.ToString("F2", CultureInfo.InvariantCulture)))}, their median {Median(ratios):F2}");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}
