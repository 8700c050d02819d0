using System.Globalization;
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
    public static IReadOnlyList<PartitionEntry> Partitions(
        PartitionDirectory directory, PartitionCut cut, IReadOnlyDictionary<(string Source, int Number), long> starts) =>
    [
        .. cut.Tracker.Partitions.Select((mark, index) =>
        {
            SourcePartition partition = directory[index];
            return new PartitionEntry
            {
                Source = partition.Source,
                Number = partition.Number,
                Streams = partition.Streams,
                HasTimestamps = partition.HasTimestamps,
                Identity = partition.Identity,
                Start = starts.GetValueOrDefault((partition.Source, partition.Number), partition.Start),
                Position = mark.Position,
                End = partition.End == SourcePartition.NoEnd ? null : partition.End,
                Fingerprint = partition.HasTimestamps ? "" : cut.Fingerprints[index].ToString("x16", CultureInfo.InvariantCulture),
                MaxEventTime = mark.MaxEventTime,
                Floor = mark.Floor,
                Known = mark.Known,
            };
        }),
    ];

    /// <summary>The counts of a cut.</summary>
    public static LedgerEntry Ledger(PartitionLedger read, FormatCounts formatted) => new()
    {
        SourceRecords = read.SourceRecords,
        Streams =
        [
            .. read.Records.Select((records, stream) => new StreamEntry(
                records, read.Rejected[stream], read.Filtered[stream], read.Events[stream], read.Late[stream], read.LateIdle[stream])),
        ],
        Joined = formatted.Joined,
        Invalid = formatted.Invalid,
        InvalidByRule = formatted.InvalidByRule,
        Samples = formatted.Samples,
        Positives = formatted.Positives,
    };

    /// <summary>What the stage where lateness is decided goes on from.</summary>
    public static PartitionCut Partitions(CheckpointManifest manifest) => new(
        new TrackerCut(
            [.. manifest.Partitions.Select(static entry => new PartitionMark(entry.Position, entry.MaxEventTime, entry.Floor, entry.Known))],
            manifest.Watermark, manifest.MaxEventTime, [.. manifest.StreamWatermarks], manifest.Floors),
        [.. manifest.Partitions.Select(static entry => FingerprintOf(entry) ?? 0)],
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
    public static FormatCounts Formatted(LedgerEntry ledger)
    {
        var counts = new FormatCounts(ledger.Joined.Length, ledger.InvalidByRule.Length) { Samples = ledger.Samples, Positives = ledger.Positives };
        ledger.Joined.CopyTo(counts.Joined, 0);
        ledger.Invalid.CopyTo(counts.Invalid, 0);
        ledger.InvalidByRule.CopyTo(counts.InvalidByRule, 0);
        return counts;
    }

    /// <summary>A file's fingerprint; null for what has none.</summary>
    public static ulong? FingerprintOf(PartitionEntry entry) =>
        entry.Fingerprint.Length == 0 ? null : ulong.Parse(entry.Fingerprint, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static PartitionLedger Counts(LedgerEntry ledger)
    {
        var counts = new PartitionLedger([.. ledger.Streams.Select(static stream => stream.Filtered.Length)]) { SourceRecords = ledger.SourceRecords };
        for (int index = 0; index < ledger.Streams.Count; index++)
        {
            StreamEntry stream = ledger.Streams[index];
            counts.Records[index] = stream.Records;
            counts.Events[index] = stream.Events;
            counts.Late[index] = stream.Late;
            counts.LateIdle[index] = stream.LateIdle;
            stream.Rejected.CopyTo(counts.Rejected[index], 0);
            stream.Filtered.CopyTo(counts.Filtered[index], 0);
        }
        return counts;
    }
}
