using System.Text.RegularExpressions;
using Pipeline.Tests.Fakes;
using YamlDotNet.Serialization;

namespace Pipeline.Tests.Deploy;

/// <summary>The alert rules against made-up series: promtool runs them where it is installed; elsewhere their form is checked.</summary>
[TestClass]
public sealed partial class RuleUnitTests
{
    private const string Rules = "pipeline.rules.yml", Tests = "pipeline.rules.test.yml";
    private static readonly string Folder = Path.Combine(Repository.Root, "deploy", "prometheus");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task EveryAlert_FiresWhenItShould_AndNotBefore()
    {
        if (Tool.Find("promtool") is not { } promtool)
        {
            TestContext.WriteLine("promtool is not on PATH: only the form of the rules' tests is checked, they are not run");
            CheckForm();
            return;
        }
        TestContext.WriteLine($"run by {promtool}");
        foreach (string[] arguments in (string[][])[["check", "rules", Rules], ["test", "rules", Tests]])
        {
            (int exitCode, string said) = await Tool.RunAsync(promtool, Folder, "", arguments);
            Assert.AreEqual(0, exitCode, said);
        }
    }

    [TestMethod]
    public void EveryAlert_HasACaseInWhichItFires_AndOneInWhichItDoesNot()
    {
        string[] alerts = [.. Alerts().Matches(File.ReadAllText(Path.Combine(Folder, Rules))).Select(static alert => alert.Groups["name"].Value)];

        ILookup<string, bool> cases = Cases().ToLookup(static one => (string)one["alertname"], static one => ((List<object>)one["exp_alerts"]).Count > 0);

        CollectionAssert.AreEquivalent(alerts, cases.Where(static one => one.Contains(true)).Select(static one => one.Key).ToArray());
        // Those three are told apart by series of which some must not fire, in the one case.
        CollectionAssert.AreEquivalent(alerts.Except(["PipelineRestarts", "PipelineRecordsRejected", "PipelineLedgerUnaccounted"]).ToArray(), cases.Where(static one => one.Contains(false)).Select(static one => one.Key).ToArray());
    }

    private static void CheckForm()
    {
        Assert.AreEqual(Rules, ((List<object>)Read()["rule_files"]).Single());
        foreach (Dictionary<object, object> one in Cases())
        {
            Assert.MatchesRegex(Time(), (string)one["eval_time"]);
            foreach (Dictionary<object, object> alert in ((List<object>)one["exp_alerts"]).Cast<Dictionary<object, object>>())
                CollectionAssert.IsSubsetOf(new[] { "summary", "runbook" }, ((Dictionary<object, object>)alert["exp_annotations"]).Keys.ToArray());
        }
        foreach (Dictionary<object, object> series in Groups().SelectMany(static group => (List<object>)group["input_series"]).Cast<Dictionary<object, object>>())
        {
            Assert.MatchesRegex(Series(), (string)series["series"]);
            Assert.MatchesRegex(Values(), (string)series["values"]);
        }
    }

    private static IEnumerable<Dictionary<object, object>> Cases() => Groups().SelectMany(static group => (List<object>)group["alert_rule_test"]).Cast<Dictionary<object, object>>();

    private static IEnumerable<Dictionary<object, object>> Groups() => ((List<object>)Read()["tests"]).Cast<Dictionary<object, object>>();

    private static Dictionary<string, object> Read() => new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(Path.Combine(Folder, Tests)));

    [GeneratedRegex(@"- alert: (?<name>\w+)")]
    private static partial Regex Alerts();

    [GeneratedRegex("^[0-9]+[smh]$")]
    private static partial Regex Time();

    [GeneratedRegex("^[a-z_]+\\{[a-z]+=\"[^\"]*\"(, [a-z]+=\"[^\"]*\")*\\}$")]
    private static partial Regex Series();

    [GeneratedRegex("^[0-9.]+([+-][0-9.]+)?x[0-9]+( [0-9.]+([+-][0-9.]+)?x[0-9]+)*$")]
    private static partial Regex Values();
}
