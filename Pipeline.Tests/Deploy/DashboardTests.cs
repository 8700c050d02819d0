using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Metrics;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Deploy;

/// <summary>The shipped dashboard can be imported, and asks for series that there are.</summary>
[TestClass]
public sealed partial class DashboardTests
{
    private readonly JsonElement _dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy", "grafana", "pipeline.json"))).RootElement;

    [TestMethod]
    public void Panels_HaveIdsOfTheirOwn_AndDoNotOverlap()
    {
        JsonElement[] panels = [.. Panels()];

        CollectionAssert.AllItemsAreUnique(panels.Select(static panel => panel.GetProperty("id").GetInt32()).ToArray());
        (int X, int Y)[] taken = [.. panels.SelectMany(static panel => Cells(panel.GetProperty("gridPos")))];
        CollectionAssert.AllItemsAreUnique(taken);
        Assert.IsLessThan(24, taken.Max(static cell => cell.X), "a dashboard has 24 columns");
    }

    [TestMethod]
    public void DataSourceAndInstance_AreVariables_WhichEveryQueryUses()
    {
        string[] variables = [.. _dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Select(static one => $"{one.GetProperty("name")}:{one.GetProperty("type")}")];

        CollectionAssert.AreEqual(new[] { "source:datasource", "instance:query" }, variables);
        foreach (JsonElement target in Targets())
        {
            Assert.AreEqual("${source}", target.GetProperty("datasource").GetProperty("uid").GetString());
            Assert.Contains("{instance=~\"$instance\"}", target.GetProperty("expr").GetString()!);
        }
    }

    [TestMethod]
    public void EveryQuery_IsOfASeriesThatIsServed_AndEveryMetricHasAPanel()
    {
        string[] asked = [.. Targets().Select(static target => Family().Match(target.GetProperty("expr").GetString()!).Groups["name"].Value)];

        // That these families are just those of /metrics is HttpReportsTests'.
        CollectionAssert.AreEquivalent(MetricCatalogue.All.Select(PrometheusNames.Of).ToArray(), asked);
        foreach (JsonElement target in Targets())
        {
            string expression = target.GetProperty("expr").GetString()!;
            Assert.AreEqual(expression.Contains("_total{", StringComparison.Ordinal), expression.StartsWith("rate(", StringComparison.Ordinal), expression);
        }
    }

    [TestMethod]
    public void EveryLabelOfALegend_IsOneOfTheSeries()
    {
        Dictionary<string, string[]> labels = MetricCatalogue.All.ToDictionary(PrometheusNames.Of, static metric => metric.Labels);
        foreach (JsonElement target in Targets())
        {
            string name = Family().Match(target.GetProperty("expr").GetString()!).Groups["name"].Value;
            bool isDistribution = MetricCatalogue.All.Single(metric => PrometheusNames.Of(metric) == name).Kind is MetricKind.Histogram or MetricKind.Timer;

            string[] shown = [.. Label().Matches(target.GetProperty("legendFormat").GetString()!).Select(static label => label.Groups["name"].Value)];

            CollectionAssert.AreEqual((string[])["instance", .. labels[name], .. isDistribution ? ["percentile"] : Array.Empty<string>()], shown, name);
        }
    }

    private IEnumerable<JsonElement> Panels() => _dashboard.GetProperty("panels").EnumerateArray();

    private IEnumerable<JsonElement> Targets() => Panels().Where(static panel => panel.TryGetProperty("targets", out _)).SelectMany(static panel => panel.GetProperty("targets").EnumerateArray());

    private static IEnumerable<(int X, int Y)> Cells(JsonElement place) =>
        from x in Enumerable.Range(place.GetProperty("x").GetInt32(), place.GetProperty("w").GetInt32())
        from y in Enumerable.Range(place.GetProperty("y").GetInt32(), place.GetProperty("h").GetInt32())
        select (x, y);

    [GeneratedRegex(@"(?<name>[a-z_]+)\{")]
    private static partial Regex Family();

    [GeneratedRegex(@"\{\{(?<name>[a-z_]+)\}\}")]
    private static partial Regex Label();
}
