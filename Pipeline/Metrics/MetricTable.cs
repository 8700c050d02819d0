using System.Text;

namespace Pipeline.Metrics;

/// <summary>Makes <c>docs/metrics.md</c> of the catalogue.</summary>
internal static class MetricTable
{
    /// <summary>The whole document.</summary>
    public static string Document()
    {
        var text = new StringBuilder(
            """
            # Metrics

            Made from the catalogue (`Pipeline/Metrics/MetricCatalogue*.cs`); a test holds the two equal. Names and units are OpenTelemetry's (units in UCUM: `s`, `By`, `1` a ratio,
            `{…}` what is counted), labels of partitions those of kafka_exporter.

            In Prometheus (`/metrics`) dots are underscores, the unit (`s` and `By`) and for counters `_total` are appended: `pipeline.state.memory` in `By` is `pipeline_state_memory_bytes`.
            A histogram or timer is a gauge with the label `percentile` (50, 75, 95, 98, 99, 99.9) beside the counters `….count` and `….sum`. Percentiles,
            and in the reports least, greatest, mean and deviation, are of the last one to two minutes before the last value (`sampleSize` says of how many), or of the last values there
            were; count and sum are of the process. In the reports (JSON, text)
            a counter with the mark *rate* is a meter too, with 1-, 5- and 15-minute rates that are made anew every 5 s. Counts go on from the restored checkpoint, except those of
            blocks, commits, checkpoints and the process, which begin with the process.


            """.ReplaceLineEndings("\n"));
        foreach (IGrouping<MetricContext, MetricDefinition> context in MetricCatalogue.All.GroupBy(static metric => metric.Context).OrderBy(static group => group.Key))
        {
            text.Append("## ").Append(context.Key).Append("\n\n| metric | kind | unit | labels | what it tells | when to worry |\n|---|---|---|---|---|---|\n");
            foreach (MetricDefinition metric in context)
                text.Append($"| `{metric.Name}` | {Kind(metric)} | `{metric.Unit}` | {string.Join(", ", metric.Labels)} | {metric.Description} | {metric.Worry} |\n");
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static string Kind(MetricDefinition metric) => metric.Kind.ToString().ToLowerInvariant() + (metric.HasRate ? ", rate" : "");
}
