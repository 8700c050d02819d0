using System.Text.RegularExpressions;
using Pipeline.Metrics;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Metrics;

[TestClass]
public sealed partial class MetricCatalogueTests
{
    [TestMethod]
    public void Document_IsMadeOfTheCatalogue() => Golden.AssertEqual("docs/metrics.md", MetricTable.Document());

    [TestMethod]
    public void Names_AreOpenTelemetrys_AndGivenOnce()
    {
        CollectionAssert.AllItemsAreUnique(MetricCatalogue.All.Select(static metric => metric.Name).ToArray());
        foreach (MetricDefinition metric in MetricCatalogue.All) Assert.MatchesRegex(Name(), metric.Name);
    }

    [TestMethod]
    public void Units_AreUcum()
    {
        foreach (MetricDefinition metric in MetricCatalogue.All) Assert.MatchesRegex(Unit(), metric.Unit, metric.Name);
    }

    [TestMethod]
    public void EveryMetric_SaysWhatItTellsAndWhenToWorry()
    {
        foreach (MetricDefinition metric in MetricCatalogue.All)
        {
            Assert.IsNotEmpty(metric.Worry, metric.Name);
            Assert.EndsWith(".", metric.Description.TrimEnd('.') + ".", metric.Name);
            if (metric.Item is not null) Assert.Contains(metric.Item, metric.Labels, metric.Name);
            if (metric.HasRate) Assert.AreEqual(MetricKind.Counter, metric.Kind, metric.Name);
        }
    }

    [TestMethod]
    public void EveryDefinition_IsInTheCatalogue()
    {
        int defined = typeof(MetricCatalogue).GetProperties().Count(static property => property.PropertyType == typeof(MetricDefinition));

        Assert.HasCount(defined, MetricCatalogue.All);
    }

    [GeneratedRegex("^[a-z][a-z0-9_]*(\\.[a-z0-9_]+)+$")]
    private static partial Regex Name();

    [GeneratedRegex("^(s|By|1|\\{[a-z]+\\})$")]
    private static partial Regex Unit();
}
