using System.Globalization;
using Pipeline.Metrics;
using Pipeline.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pipeline.Watching;

/// <summary>Shows a running job in a terminal or as plain lines: a table of its blocks, or its totals.</summary>
internal static class StatusView
{
    private const double High = 0.5, Low = 0.1;
    private static readonly string[] Columns = ["block", "busy", "back-pressure", "queue", "items/s"];

    /// <summary>The blocks, and below them what comes in, what goes out, what holds windows, and the verdict.</summary>
    public static IRenderable Blocks(RunStatus status)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{Markup.Escape(status.Job.Length > 0 ? status.Job : "no run yet, or over")}[/] {Readiness(status)}");
        foreach (string column in Columns) table.AddColumn(new TableColumn(column) { Alignment = column == "block" ? Justify.Left : Justify.Right });
        foreach (BlockStatus block in status.Blocks)
            table.AddRow(
                Markup.Escape(block.Lane is null ? block.Name : $"{block.Name}-{block.Lane}"),
                Share(block.Busy),
                $"[{(block.BackPressure > High ? "red" : block.BackPressure > Low ? "yellow" : "default")}]{Share(block.BackPressure)}[/]",
                block.Capacity > 0 ? $"{Number(block.Queued)} / {Number(block.Capacity)}" : Number(block.Queued),
                Number(block.ItemsPerSecond));
        return new Rows(table, new Text(Flow(status)), new Text(Windows(status)), new Text(status.Verdict.Length > 0 ? $"→ {status.Verdict}" : ""));
    }

    /// <summary>The totals, a line each; checks that do not hold come first.</summary>
    public static string Lines(RunStatus status)
    {
        var lines = new List<string> { $"{(status.Job.Length > 0 ? status.Job : "(no run)")}: {(status.Ready ? "ready" : "not ready")}" };
        foreach (ReadinessCheck check in status.Checks.Where(static check => !check.Ok)) lines.Add($"  not ready: {check.Name}: {check.Says}");
        if (status.Metrics.Count == 0) return string.Join('\n', lines);
        lines.Add($"  → {status.Verdict}");
        lines.Add($"  flow       {Flow(status)}");
        lines.Add($"  windows    {Windows(status)}");
        lines.Add($"  quality    join rate {Share(status[MetricCatalogue.JoinRate])}  positive {Share(status[MetricCatalogue.PositiveRate])}  rejected {Number(status[MetricCatalogue.StreamRejected])}"
            + $"  late {Number(status[MetricCatalogue.StreamLate])}  invalid {Number(status[MetricCatalogue.SamplesInvalid])}  in flight {Number(status[MetricCatalogue.StreamUnaccounted])}");
        lines.Add($"  state      memory {Mebibytes(status[MetricCatalogue.StateMemory])} of {Mebibytes(status[MetricCatalogue.StateMemoryLimit])}  disk {Mebibytes(status[MetricCatalogue.StateDisk])}"
            + $"  checkpoint {Seconds(status[MetricCatalogue.CheckpointAge])} ago  commit {Seconds(status[MetricCatalogue.CommitAge])} ago");
        lines.Add($"  process    up {Seconds(status[MetricCatalogue.Uptime])}  rss {Mebibytes(status[MetricCatalogue.Memory])}");
        return string.Join('\n', lines);
    }

    private static string Flow(RunStatus status) =>
        $"in {Number(Rate(status, "parse"))}/s  out {Number(Rate(status, "sink"))}/s  lag {Number(status[MetricCatalogue.PartitionLag])}"
        + $"  records {Number(status[MetricCatalogue.SourceRecords])}  samples {Number(status[MetricCatalogue.Samples])}";

    private static string Windows(RunStatus status) =>
        $"watermark {Seconds(status[MetricCatalogue.WatermarkBehind])} behind{(status.Holder.Length > 0 ? $", waiting for {status.Holder}" : "")}  open windows {Number(status[MetricCatalogue.WindowsOpen])}";

    private static string Readiness(RunStatus status) =>
        status.Ready ? "[green]ready[/]" : $"[red]not ready: {Markup.Escape(string.Join(", ", status.Checks.Where(static check => !check.Ok).Select(static check => check.Name)))}[/]";

    private static double Rate(RunStatus status, string block) => status.Blocks.Where(one => one.Name == block).Sum(static one => one.ItemsPerSecond);

    private static string Share(double share) => $"{Math.Round(share * 100).ToString("F0", CultureInfo.InvariantCulture)} %";

    private static string Number(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(double seconds) => $"{seconds.ToString("N0", CultureInfo.InvariantCulture)} s";

    private static string Mebibytes(double bytes) => $"{(bytes / (1 << 20)).ToString("N0", CultureInfo.InvariantCulture)} MiB";
}
