using System.Globalization;

namespace Pipeline.Perf.Harness;

/// <summary>One look at a run's <c>/metrics</c>: all series at one moment.</summary>
internal sealed class Scrape
{
    private readonly List<(string Name, string Labels, double Value)> _series = [];

    /// <summary>Reads Prometheus' text format; what is no sample is passed over.</summary>
    public static Scrape Parse(string text)
    {
        var scrape = new Scrape();
        foreach (string line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            int brace = line.IndexOf('{'), end = line.LastIndexOf('}');
            string name = brace < 0 ? line[..line.IndexOf(' ')] : line[..brace];
            string labels = brace < 0 ? "" : line[(brace + 1)..end];
            string value = line[(brace < 0 ? name.Length : end + 1)..].TrimStart().Split(' ')[0];
            if (double.TryParse(value, CultureInfo.InvariantCulture, out double number)) scrape._series.Add((name, labels, number));
        }
        return scrape;
    }

    /// <summary>Sum of a metric's series that have all these labels, each as <c>name="value"</c>. A metric without series fails.</summary>
    public double Sum(string metric, params string[] labels)
    {
        double[] found = [.. _series.Where(one => one.Name == metric && labels.All(one.Labels.Contains)).Select(static one => one.Value)];
        return found.Length > 0 ? found.Sum() : throw new InvalidOperationException($"No series {metric}{{{string.Join(',', labels)}}}");
    }

    /// <summary>Time since the run began, s.</summary>
    public double Uptime => Sum("pipeline_uptime_seconds_total");

    /// <summary>Records read.</summary>
    public double Records => Sum("pipeline_source_records_total");
}
