using System.Globalization;
using System.Text;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Hosting;
using Pipeline.Topology;

namespace Pipeline.Metrics;

/// <summary>Reads hot keys.</summary>
internal static class SkewReadings
{
    /// <summary>Label of the series that says that nothing is hot.</summary>
    public const string NoKey = "-";

    private const int MostKeys = 10;

    /// <summary>Reads them.</summary>
    public static void Read(RunView run, MetricReadings into)
    {
        IReadOnlyList<HotKeyReading> keys = run.Topology.Partition.HotKeys;
        if (keys.Count == 0) into.Add(MetricCatalogue.HotKeyShare, 0, NoKey, NoKey, NoKey);
        foreach (HotKeyReading hot in keys.Take(MostKeys))
        {
            into.Add(
                MetricCatalogue.HotKeyShare, Math.Round(hot.Share, 4), NameOf(hot, run.Job.Skew.MaskKeys),
                hot.Lane.ToString(CultureInfo.InvariantCulture), hot.Salts.ToString(CultureInfo.InvariantCulture));
        }
        into.Add(MetricCatalogue.HotKeys, run.Topology.Partition.TurnedHot);
        int[] ranks = LaneRanks.Of(run.Job.Streams);
        for (int stream = 0; stream < ranks.Length; stream++)
        {
            long surplus = 0;
            foreach (LaneBlock lane in run.Topology.Lanes) surplus += lane.State.Ledger.Surplus[ranks[stream]];
            into.Add(MetricCatalogue.StreamSurplus, surplus, run.Job.Streams[stream].Name);
        }
    }

    /// <summary>A key's fields joined as in a sample's key; or its hash.</summary>
    public static string NameOf(HotKeyReading hot, bool masked)
    {
        if (masked) return hot.Key.ToHex();
        var name = new StringBuilder();
        ReadOnlySpan<byte> encoded = hot.Encoded;
        while (!encoded.IsEmpty)
        {
            if (name.Length > 0) name.Append('|');
            name.Append(Encoding.UTF8.GetString(KeyEncoding.Next(ref encoded)));
        }
        return name.ToString();
    }
}
