using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.Metrics;

/// <summary>Makes <c>deploy/grafana/pipeline.json</c> of the catalogue: a row for each context, a panel for each metric.</summary>
internal static class GrafanaDashboard
{
    private const int Columns = 3, Width = 8, Height = 7;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The whole file.</summary>
    public static string Document()
    {
        var panels = new JsonArray();
        int id = 0, top = 0;
        foreach (IGrouping<MetricContext, MetricDefinition> context in MetricCatalogue.All.GroupBy(static metric => metric.Context).OrderBy(static group => group.Key))
        {
            panels.Add(new JsonObject { ["id"] = ++id, ["type"] = "row", ["title"] = context.Key.ToString(), ["collapsed"] = false, ["gridPos"] = Place(0, top++, 24, 1), ["panels"] = new JsonArray() });
            int at = 0;
            foreach (MetricDefinition metric in context)
            {
                panels.Add(Panel(++id, metric, Place(at % Columns * Width, top + (at / Columns * Height), Width, Height)));
                at++;
            }
            top += (at + Columns - 1) / Columns * Height;
        }
        var dashboard = new JsonObject
        {
            ["uid"] = "pipeline",
            ["title"] = "Pipeline",
            ["tags"] = new JsonArray("pipeline"),
            ["timezone"] = "utc",
            ["schemaVersion"] = 39,
            ["version"] = 1,
            ["refresh"] = "15s",
            ["time"] = new JsonObject { ["from"] = "now-3h", ["to"] = "now" },
            ["templating"] = new JsonObject { ["list"] = new JsonArray(Source(), Instance()) },
            ["panels"] = panels,
        };
        return dashboard.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Panel(int id, MetricDefinition metric, JsonObject place) => new()
    {
        ["id"] = id,
        ["type"] = "timeseries",
        ["title"] = metric.Name,
        ["description"] = $"{metric.Description}\n\nWhen to worry: {metric.Worry}.",
        ["datasource"] = DataSource(),
        ["gridPos"] = place,
        ["fieldConfig"] = new JsonObject { ["defaults"] = new JsonObject { ["unit"] = UnitOf(metric), ["min"] = 0 }, ["overrides"] = new JsonArray() },
        ["targets"] = new JsonArray(new JsonObject { ["refId"] = "A", ["datasource"] = DataSource(), ["expr"] = Expression(metric), ["legendFormat"] = Legend(metric) }),
    };

    /// <summary>A count is shown as its rate.</summary>
    private static string Expression(MetricDefinition metric)
    {
        string series = $"{PrometheusNames.Of(metric)}{{instance=~\"$instance\"}}";
        return metric.Kind == MetricKind.Counter ? $"rate({series}[$__rate_interval])" : series;
    }

    private static string Legend(MetricDefinition metric)
    {
        string[] labels = metric.Kind is MetricKind.Histogram or MetricKind.Timer ? [.. metric.Labels, "percentile"] : metric.Labels;
        return string.Join(' ', labels.Prepend("instance").Select(static label => $"{{{{{label}}}}}"));
    }

    private static string UnitOf(MetricDefinition metric) => (metric.Kind, metric.Unit) switch
    {
        (MetricKind.Counter, "s") => "percentunit",
        (MetricKind.Counter, "By") => "binBps",
        (MetricKind.Counter, _) => "cps",
        (_, "s") => "s",
        (_, "By") => "bytes",
        (_, "1") => "percentunit",
        _ => "short",
    };

    private static JsonObject Place(int left, int top, int width, int height) => new() { ["x"] = left, ["y"] = top, ["w"] = width, ["h"] = height };

    private static JsonObject DataSource() => new() { ["type"] = "prometheus", ["uid"] = "${source}" };

    private static JsonObject Source() => new() { ["name"] = "source", ["type"] = "datasource", ["query"] = "prometheus", ["label"] = "Data source" };

    private static JsonObject Instance() => new()
    {
        ["name"] = "instance",
        ["type"] = "query",
        ["label"] = "Instance",
        ["datasource"] = DataSource(),
        ["query"] = $"label_values({PrometheusNames.Of(MetricCatalogue.Uptime)}, instance)",
        ["refresh"] = 2,
        ["includeAll"] = true,
        ["multi"] = true,
        ["current"] = new JsonObject { ["text"] = "All", ["value"] = "$__all" },
    };
}
