using System.Text.RegularExpressions;
using Pipeline.Metrics;
using Pipeline.Tests.Fakes;
using YamlDotNet.Serialization;

namespace Pipeline.Tests.Deploy;

/// <summary>The shipped alert rules speak of metrics that there are, and each has its entry in the runbook.</summary>
[TestClass]
public sealed partial class AlertRuleTests
{
    private const string Rules = "deploy/prometheus/pipeline.rules.yml";

    /// <summary>Prometheus' own, and names of the rules file before their colon.</summary>
    private static readonly string[] NotOurs = ["up"];

    [TestMethod]
    public void EveryMetric_IsInTheCatalogue()
    {
        HashSet<string> known = [.. MetricCatalogue.All.SelectMany(PrometheusNames.FamiliesOf), .. NotOurs, .. Read().Where(static rule => rule.ContainsKey("record")).Select(static rule => (string)rule["record"])];

        string[] named = [.. Read().SelectMany(static rule => MetricName().Matches(Bare((string)rule["expr"])).Select(static name => name.Value)).Distinct()];

        Assert.IsGreaterThan(15, named.Length);
        Assert.IsEmpty(named.Where(name => !known.Contains(name)), string.Join(", ", named.Where(name => !known.Contains(name))));
    }

    [TestMethod]
    public void EveryLabel_IsOfAMetricThatIsNamed()
    {
        foreach (Dictionary<object, object> rule in Read())
        {
            string expression = (string)rule["expr"];
            HashSet<string> labels = [.. MetricCatalogue.All.Where(metric => PrometheusNames.FamiliesOf(metric).Any(family => Regex.IsMatch(expression, $@"\b{family}\b"))).SelectMany(static metric => metric.Labels)];

            foreach (Match without in Without().Matches(expression))
                foreach (string label in without.Groups["labels"].Value.Split(", ")) Assert.Contains(label, labels, expression);
        }
    }

    [TestMethod]
    public void EveryAlert_HasItsEntryInTheRunbook()
    {
        string[] headings = [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "operations.md")).Where(static line => line.StartsWith("### ", StringComparison.Ordinal)).Select(static line => line[4..])];

        string[] alerts = [.. Read().Where(static rule => rule.ContainsKey("alert")).Select(static rule => (string)rule["alert"])];

        CollectionAssert.AreEquivalent(alerts, headings);
        foreach (Dictionary<object, object> rule in Read().Where(static rule => rule.ContainsKey("alert")))
        {
            var annotations = (Dictionary<object, object>)rule["annotations"];
            Assert.AreEqual($"docs/operations.md#{((string)rule["alert"]).ToLowerInvariant()}", annotations["runbook"]);
            Assert.IsNotEmpty((string)annotations["summary"]);
            Assert.Contains((string)((Dictionary<object, object>)rule["labels"])["severity"], (string[])["page", "warn"]);
        }
    }

    [TestMethod]
    public void Dashboard_IsMadeOfTheCatalogue() => Golden.AssertEqual("deploy/grafana/pipeline.json", GrafanaDashboard.Document());

    private static List<Dictionary<object, object>> Read()
    {
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(Path.Combine(Repository.Root, Rules)));
        return [.. ((List<object>)file["groups"]).SelectMany(static group => (List<object>)((Dictionary<object, object>)group)["rules"]).Cast<Dictionary<object, object>>()];
    }

    /// <summary>The expression without its labels, ranges, operators' words and functions.</summary>
    private static string Bare(string expression) => Function().Replace(Without().Replace(Selector().Replace(expression, " "), " "), "(");

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\bwithout \((?<labels>[^)]*)\)")]
    private static partial Regex Without();

    [GeneratedRegex(@"\b(rate|increase|resets|deriv|avg_over_time|sum|max|and|or)\b *\(?")]
    private static partial Regex Function();

    [GeneratedRegex(@"[a-z][a-z_:]*(1h|1d)?[a-z_]*")]
    private static partial Regex MetricName();
}
