using System.Globalization;
using Pipeline.Blocks.Records;
using Pipeline.Hosting;

namespace Pipeline.Metrics;

/// <summary>Reads partitions and the watermark.</summary>
internal static class SourceReadings
{
    /// <summary>Reads them.</summary>
    public static void Read(RunView run, WatermarkView watermark, MetricReadings into)
    {
        ReadOnlySpan<long> positions = run.Partitioner.Positions;
        Dictionary<SourcePartition, long> oldest = run.OldestPositions().ToDictionary(static at => at.Partition, static at => at.Position);
        foreach (SourcePartition partition in run.Topology.Directory.All)
        {
            long position = partition.Index < positions.Length && positions[partition.Index] >= 0 ? positions[partition.Index] : partition.Start;
            // What was read cannot lie behind the end, which is asked for less often.
            long end = partition.KnownEnd < 0 ? -1 : Math.Max(partition.KnownEnd, position);
            string[] labels = [partition.Source, partition.Number.ToString(CultureInfo.InvariantCulture)];
            into.Add(MetricCatalogue.PartitionPosition, position, labels);
            into.Add(MetricCatalogue.PartitionEnd, end, labels);
            into.Add(MetricCatalogue.PartitionLag, end < 0 ? 0 : end - position, labels);
            into.Add(MetricCatalogue.PartitionTrueLag, end < 0 ? 0 : end - oldest.GetValueOrDefault(partition, partition.Start), labels);
            bool apart = partition.MaxEventTime != SourcePartition.NoTime && watermark.Newest != SourcePartition.NoTime;
            into.Add(MetricCatalogue.PartitionBehind, apart ? Math.Max(0, watermark.Newest - partition.MaxEventTime) / 1e3 : 0, labels);
        }
        into.Add(MetricCatalogue.Watermark, watermark.Watermark switch
        {
            SourcePartition.NoTime => -1,
            long.MaxValue => watermark.Newest == SourcePartition.NoTime ? -1 : watermark.Newest / 1e3,
            _ => watermark.Watermark / 1e3,
        });
        into.Add(MetricCatalogue.WatermarkBehind, watermark.Behind.TotalSeconds);
        into.Add(MetricCatalogue.WatermarkHolder, watermark.HolderBehind.TotalSeconds, watermark.Holder ?? "none");
    }
}
