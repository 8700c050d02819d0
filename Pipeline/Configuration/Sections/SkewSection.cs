using System.Globalization;
using Pipeline.Blocks.Partitioning;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>skew</c>.</summary>
internal static class SkewSection
{
    // Below it hundreds of keys would be hot, and none of them worth the spreading.
    private const double LeastShare = 0.001;

    private const int MostSalts = 64;

    /// <summary>Reads it.</summary>
    public static SkewOptions Read(SectionReader job)
    {
        var defaults = new SkewOptions();
        SectionReader skew = job.Section("skew");
        double share = skew.Number("hot_share", defaults.HotShare);
        if (share is < LeastShare or > 1)
            skew.Fail("hot_share", string.Create(CultureInfo.InvariantCulture, $"must be from {LeastShare} to 1, found {share:R}"));
        var options = new SkewOptions
        {
            HotShare = share,
            Salts = skew.Integer("salts", defaults.Salts, 1, MostSalts),
            Mode = skew.Choice("mode", Choices.Skew, defaults.Mode),
            MaxEventsPerWindow = skew.Integer("max_events_per_window", defaults.MaxEventsPerWindow, 1, int.MaxValue),
            MaskKeys = skew.Flag("mask_keys", defaults.MaskKeys),
        };
        skew.Close();
        return options;
    }
}
