using Pipeline.Blocks.Joining;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Topology;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pipeline.Demo;

/// <summary>The demo's view of the ledger: one row a stream, and below what becomes of the windows.</summary>
internal static class DemoTable
{
    private static readonly string[] Columns = ["stream", "records", "events", "late", "duplicate", "joined", "orphaned", "open", "in flight"];

    /// <summary>The table now.</summary>
    public static IRenderable Of(JobOptions job, SampleTopology topology, JobSummary summary)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("[bold]exposures and clicks → labelled samples[/]");
        foreach (string column in Columns) table.AddColumn(new TableColumn(column) { Alignment = column == "stream" ? Justify.Left : Justify.Right });
        foreach ((string name, StreamSummary stream) in summary.Streams)
        {
            table.AddRow(
                name, $"{stream.Records:N0}", $"{stream.Events:N0}", $"{stream.Late.Values.Sum():N0}", $"{stream.Duplicate:N0}", $"{stream.Joined:N0}",
                $"{stream.Orphaned:N0}", $"{stream.Open:N0}", $"{stream.Unaccounted:N0}");
        }
        long open = topology.Lanes.Sum(lane => Open(lane.State.Ledger));
        double rate = summary.Samples == 0 ? 0 : (double)summary.Positives / summary.Samples;
        table.Caption($"{summary.Seconds:F0} s · windows of {job.Window.Length.TotalSeconds:F0} s · open windows {open:N0} · samples {summary.Samples:N0} · positive {rate:P1}");
        return table;
    }

    private static long Open(LaneLedger ledger) => ledger.WindowsOpened - ledger.WindowsClosed;
}
