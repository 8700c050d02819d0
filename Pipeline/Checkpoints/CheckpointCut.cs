using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Checkpoints;

/// <summary>Between what the stages keep of a cut and how a manifest says it.</summary>
internal static class CheckpointCut
{
    /// <summary>The partitions of a cut.</summary>
    /// <param name="directory">All partitions.</param>
    /// <param name="cut">Of the stage where lateness is decided.</param>
    /// <param name="starts">First positions ever read, where they are not this process's own.</param>
    public static IReadOnlyList<ManifestPartition> Partitions(
        PartitionDirectory directory, PartitionCut cut, IReadOnlyDictionary<(string Source, int Number), long> starts) =>
    [
        .. cut.Tracker.Partitions.Select((mark, index) =>
        {
            SourcePartition partition = directory[index];
            return new ManifestPartition
            {
                Source = partition.Source,
                Number = partition.Number,
                Streams = partition.Streams,
                HasTimestamps = partition.HasTimestamps,
                Identity = partition.Identity,
                Columns = partition.Columns,
                Start = starts.GetValueOrDefault((partition.Source, partition.Number), partition.Start),
                Position = mark.Position,
                End = partition.End,
                Fingerprint = partition.HasTimestamps ? null : cut.Fingerprints[index],
                MaxEventTime = mark.MaxEventTime,
                Floor = mark.Floor,
                Known = mark.Known,
            };
        }),
    ];

    /// <summary>The counts of a cut.</summary>
    public static ManifestLedger Ledger(PartitionLedger read, FormatCounts formatted) => new()
    {
        SourceRecords = read.SourceRecords,
        Streams =
        [
            .. read.Records.Select((records, stream) => new ManifestStreamLedger(
                records, read.Rejected[stream], read.Filtered[stream], read.Events[stream], read.Late[stream], read.LateIdle[stream])),
        ],
        Ranks = [.. formatted.Joined.Select((joined, rank) => new ManifestRankLedger(joined, formatted.Invalid[rank]))],
        InvalidByRule = formatted.InvalidByRule,
        Samples = formatted.Samples,
        Positives = formatted.Positives,
    };

    /// <summary>What the stage where lateness is decided goes on from.</summary>
    public static PartitionCut Partitions(CheckpointManifest manifest) => new(
        new TrackerCut(
            [.. manifest.Partitions.Select(static entry => new PartitionMark(entry.Position, entry.MaxEventTime, entry.Floor, entry.Known))],
            manifest.Watermark, manifest.MaxEventTime, [.. manifest.StreamWatermarks], manifest.Floors),
        [.. manifest.Partitions.Select(static entry => entry.Fingerprint ?? 0)],
        Counts(manifest.Ledger));

    /// <summary>What a replay from the start positions of the progress begins with: no watermark, nothing counted.</summary>
    public static PartitionCut FromStarts(Progress progress, PartitionDirectory directory, IReadOnlyList<StreamOptions> streams)
    {
        HashSet<(string, int)> begun = [.. progress.Starts.Select(static start => (start.Source, start.Number))];
        var noTimes = new long[streams.Count];
        Array.Fill(noTimes, SourcePartition.NoTime);
        return new PartitionCut(
            new TrackerCut(
                [.. directory.All.Select(partition => PartitionMark.Unknown with { Position = partition.Start, Known = begun.Contains((partition.Source, partition.Number)) })],
                SourcePartition.NoTime, SourcePartition.NoTime, noTimes, FloorHistory.Empty),
            new ulong[directory.Count],
            new PartitionLedger([.. streams.Select(static stream => stream.Filters.Count)]));
    }

    /// <summary>What the format stage goes on from.</summary>
    public static FormatCounts Formatted(ManifestLedger ledger)
    {
        var counts = new FormatCounts(ledger.Ranks.Count, ledger.InvalidByRule.Count) { Samples = ledger.Samples, Positives = ledger.Positives };
        for (int rank = 0; rank < ledger.Ranks.Count; rank++) (counts.Joined[rank], counts.Invalid[rank]) = (ledger.Ranks[rank].Joined, ledger.Ranks[rank].Invalid);
        for (int rule = 0; rule < ledger.InvalidByRule.Count; rule++) counts.InvalidByRule[rule] = ledger.InvalidByRule[rule];
        return counts;
    }

    private static PartitionLedger Counts(ManifestLedger ledger)
    {
        var counts = new PartitionLedger([.. ledger.Streams.Select(static stream => stream.Filtered.Count)]) { SourceRecords = ledger.SourceRecords };
        for (int index = 0; index < ledger.Streams.Count; index++)
        {
            ManifestStreamLedger stream = ledger.Streams[index];
            counts.Records[index] = stream.Records;
            counts.Events[index] = stream.Events;
            counts.Late[index] = stream.Late;
            counts.LateIdle[index] = stream.LateIdle;
            for (int reason = 0; reason < stream.Rejected.Count; reason++) counts.Rejected[index][reason] = stream.Rejected[reason];
            for (int filter = 0; filter < stream.Filtered.Count; filter++) counts.Filtered[index][filter] = stream.Filtered[filter];
        }
        return counts;
    }
}
