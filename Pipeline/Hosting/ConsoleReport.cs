using System.Globalization;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Configuration;
using Pipeline.Topology;

namespace Pipeline.Hosting;

/// <summary>The report an operator reads every few seconds: rates, the ledger, what holds the watermark, and how busy each stage is.</summary>
/// <remarks>Threading: its own loop; it reads counters that the stages write, some batches old.</remarks>
public sealed class ConsoleReport(JobOptions job, SampleTopology topology, Partitioner partitioner, TimeProvider clock, TextWriter output)
{
    private readonly Dictionary<string, double> _busyBefore = [];
    private long _recordsBefore;
    private long _before = clock.GetTimestamp();

    /// <summary>Writes one report.</summary>
    public void Write(JobSummary summary)
    {
        long now = clock.GetTimestamp();
        double seconds = Math.Max(1e-3, clock.GetElapsedTime(_before, now).TotalSeconds);
        var lines = new List<string>
        {
            $"[{job.Job}] {summary.Seconds:F0} s  {(summary.SourceRecords - _recordsBefore) / seconds:N0} records/s"
                + $"  samples {summary.Samples:N0}  positives {summary.Positives:N0}  join rate {summary.JoinRate:P1}  in flight {summary.Unaccounted:N0}",
            $"  ledger  records {summary.Records:N0}  rejected {summary.Rejected.Values.Sum():N0}  filtered {summary.Filtered:N0}  late {summary.Late.Values.Sum():N0}"
                + $"  duplicate {summary.Duplicate:N0}  joined {summary.Joined:N0}  orphaned {summary.Orphaned:N0}  invalid {summary.Invalid:N0}  open {summary.Open:N0}",
            $"  watermark {Watermark()}",
            $"  state   memory {topology.Lanes.Sum(lane => lane.State.MemoryBytes) >> 20:N0} MiB  disk {topology.Lanes.Sum(lane => lane.State.DiskBytes) >> 20:N0} MiB"
                + $"  open windows {topology.Lanes.Sum(lane => lane.State.Ledger.WindowsOpened - lane.State.Ledger.WindowsClosed):N0}"
                + $"  rss {summary.PeakRssBytes >> 20:N0} MiB  cpu {summary.CpuSeconds:F1} s",
            $"  busy    {string.Join("  ", Busy(seconds))}",
        };
        _recordsBefore = summary.SourceRecords;
        _before = now;
        foreach (string line in lines) output.WriteLine(line);
    }

    private string Watermark()
    {
        WatermarkTracker tracker = partitioner.Tracker;
        if (tracker.Watermark == long.MaxValue) return "+∞ (every partition ended)";
        long newest = Newest();
        string at = tracker.Watermark == SourcePartition.NoTime ? "none yet" : Iso(tracker.Watermark);
        SourcePartition? holder = tracker.HoldingPartition;
        string what = holder is not null ? holder.ToString() : tracker.HoldingStream >= 0 ? $"stream {job.Streams[tracker.HoldingStream].Name} (idle)" : "nothing";
        if (holder is { MaxEventTime: SourcePartition.NoTime }) return $"{at}, waiting for {what}, which has no event yet";
        long behind = holder is null || newest == SourcePartition.NoTime ? 0 : newest - holder.MaxEventTime;
        return $"{at}, waiting for {what}, {behind / 1000.0:F0} s behind";
    }

    private long Newest()
    {
        long newest = SourcePartition.NoTime;
        foreach (SourcePartition partition in topology.Directory.All) newest = Math.Max(newest, partition.MaxEventTime);
        return newest;
    }

    private IEnumerable<string> Busy(double seconds)
    {
        foreach (BlockView block in topology.Views.All) yield return Share(block.Time, seconds, block.Lane?.ToString(CultureInfo.InvariantCulture) ?? "");
    }

    private string Share(StageClock time, double seconds, string suffix = "")
    {
        string name = suffix.Length == 0 ? time.Stage : $"{time.Stage}-{suffix}";
        double busy = time.Read().Busy;
        double share = (busy - _busyBefore.GetValueOrDefault(name)) / seconds;
        _busyBefore[name] = busy;
        return $"{name} {share:P0}";
    }

    private static string Iso(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
