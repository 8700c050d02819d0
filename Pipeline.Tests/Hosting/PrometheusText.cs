using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Hosting;

/// <summary>A strict reading of Prometheus' text format, version 0.0.4.</summary>
internal static partial class PrometheusText
{
    /// <summary>All series with their values, those without labels without braces; fails on what the format does not allow.</summary>
    public static Dictionary<string, double> Parse(string text)
    {
        var types = new Dictionary<string, string>();
        var series = new Dictionary<string, double>();
        string? family = null;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.Length == 0 || line == "# EOF") continue;
            if (TypeLine().Match(line) is { Success: true } type)
            {
                family = type.Groups["name"].Value;
                Assert.IsTrue(types.TryAdd(family, type.Groups["type"].Value), $"a second type: {line}");
                continue;
            }
            if (line.StartsWith("# HELP ", StringComparison.Ordinal) || line.StartsWith("# UNIT ", StringComparison.Ordinal)) continue;
            Match sample = SampleLine().Match(line);
            Assert.IsTrue(sample.Success, $"no sample: {line}");
            Assert.AreEqual(family, sample.Groups["name"].Value, $"a sample outside its family: {line}");
            string value = sample.Groups["value"].Value;
            double number = value switch
            {
                "+Inf" => double.PositiveInfinity,
                "-Inf" => double.NegativeInfinity,
                "NaN" => double.NaN,
                _ => double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture),
            };
            Assert.IsTrue(series.TryAdd(sample.Groups["series"].Value.Replace("{}", ""), number), $"a series twice: {line}");
        }
        return series;
    }

    /// <summary>What Prometheus' own tool finds wrong; empty also where it is not installed.</summary>
    public static async Task<string> CheckWithPromtoolAsync(string text)
    {
        return Tool.Find("promtool") is { } promtool ? (await Tool.RunAsync(promtool, AppContext.BaseDirectory, text, "check", "metrics")).Said : "";
    }

    [GeneratedRegex("^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("^(?<series>(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\\{([a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\\\n]|\\\\[\\\\\"n])*\",?)*\\})?) (?<value>\\S+)( \\d+)?$")]
    private static partial Regex SampleLine();
}
