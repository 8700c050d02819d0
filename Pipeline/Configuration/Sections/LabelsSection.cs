using System.Globalization;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>labels</c>: keys that exist, with the one value each that is built.</summary>
internal static class LabelsSection
{
    private const string Wait = "wait";

    private static readonly string[] Policies = [Wait, "early-positive", "fake-negative", "correct-late"];

    /// <summary>Checks it.</summary>
    public static void Read(SectionReader job)
    {
        SectionReader labels = job.Section("labels");
        string? policy = labels.Text("policy", Wait);
        if (policy is not null and not Wait)
        {
            if (Policies.Contains(policy)) labels.Fail("policy", $"{policy} is not built yet; only {Wait} is");
            else labels.Fail("policy", $"expected {Wait}, found '{policy}'", Suggestion.Closest(policy, Policies));
        }
        double rate = labels.Number("negative_rate", 1.0);
        if (rate is <= 0 or > 1) labels.Fail("negative_rate", $"must be above 0 and at most 1, found {Shown(rate)}");
        else if (rate < 1) labels.Fail("negative_rate", $"negative sampling is not built yet; only 1.0 is, found {Shown(rate)}");
        labels.Close();
    }

    private static string Shown(double rate) => rate.ToString("R", CultureInfo.InvariantCulture);
}
