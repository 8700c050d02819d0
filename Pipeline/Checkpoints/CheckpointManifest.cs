using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Blocks.Records;

namespace Pipeline.Checkpoints;

/// <summary>What a checkpoint says of itself: written last, so that a checkpoint with a manifest is whole.</summary>
/// <remarks>Times are ms since the Unix epoch, UTC; <see cref="SourcePartition.NoTime"/> where there is none.</remarks>
public sealed record CheckpointManifest
{
    /// <summary>Layout of this file and of the state beside it; another release's is refused.</summary>
    public const int CurrentFormat = 1;

    /// <summary>See <see cref="CurrentFormat"/>.</summary>
    public int FormatVersion { get; init; } = CurrentFormat;

    /// <summary>Version of the contract that decided what is in the state.</summary>
    public required int ContractVersion { get; init; }

    /// <summary>The job's name.</summary>
    public required string Job { get; init; }

    /// <summary>Ascending number of the checkpoint.</summary>
    public required long Id { get; init; }

    /// <summary>When it was taken.</summary>
    public required long Created { get; init; }

    /// <summary>The start of the process that took it.</summary>
    public required string Owner { get; init; }

    /// <summary>The start with empty state that this goes back to; the committed progress must name the same.</summary>
    public required string Origin { get; init; }

    /// <summary>Delivery in force.</summary>
    public required string Delivery { get; init; }

    /// <summary>Hash of every setting that can change a sample or where it goes.</summary>
    public required string SettingsHash { get; init; }

    /// <summary>Those settings, as JSON text.</summary>
    public required string Settings { get; init; }

    /// <summary>Taken when the sources had stopped and everything was delivered: nothing is to be replayed.</summary>
    public bool CleanStop { get; init; }

    /// <summary>A bounded run came to its end.</summary>
    public bool Finished { get; init; }

    /// <summary>Names of the streams in the order of the job.</summary>
    public required IReadOnlyList<string> Streams { get; init; }

    /// <summary>Window length, ms; open windows in the state have it.</summary>
    public required long WindowMs { get; init; }

    /// <summary>The window's anchor.</summary>
    public required string Anchor { get; init; }

    /// <summary>Whether action payloads are kept for dead letters.</summary>
    public required bool KeepsLetters { get; init; }

    /// <summary>By lane.</summary>
    public required IReadOnlyList<LaneEntry> Lanes { get; init; }

    /// <summary>By partition index.</summary>
    public required IReadOnlyList<PartitionEntry> Partitions { get; init; }

    /// <summary>The join's watermark.</summary>
    public required long Watermark { get; init; }

    /// <summary>Greatest accepted event time.</summary>
    public required long MaxEventTime { get; init; }

    /// <summary>By stream.</summary>
    public required IReadOnlyList<long> StreamWatermarks { get; init; }

    /// <summary>The floors.</summary>
    public required FloorHistory Floors { get; init; }

    /// <summary>The counts up to the checkpoint, but for the lanes', which are in their snapshots.</summary>
    public required LedgerEntry Ledger { get; init; }

    /// <summary>Commits of the sink up to the checkpoint; 0 from a sink that delivers at least once.</summary>
    public long Commits { get; init; }

    /// <summary>The last committed sample of each key group that has one.</summary>
    public IReadOnlyDictionary<int, EmissionPoint> Points { get; init; } = new Dictionary<int, EmissionPoint>();

    /// <summary>The points of all key groups.</summary>
    public EmissionPoint[] AllPoints()
    {
        EmissionPoint[] points = EmissionPoint.NoneOfAll();
        foreach ((int group, EmissionPoint point) in Points) points[group] = point;
        return points;
    }
}

/// <summary>A lane's part of a checkpoint.</summary>
/// <param name="File">Its snapshot, relative to the checkpoint's directory.</param>
/// <param name="Bytes">Bytes of that file.</param>
/// <param name="Hash">XXH128 of that file, hex.</param>
/// <param name="TableGeneration">Oldest generation of table files it needs.</param>
/// <param name="TableSegment">Oldest segment in it.</param>
/// <param name="LogPage">Oldest page of the window log it needs.</param>
public sealed record LaneEntry(string File, long Bytes, string Hash, int TableGeneration, int TableSegment, long LogPage);

/// <summary>A source partition's part of a checkpoint.</summary>
public sealed record PartitionEntry
{
    /// <summary>Topic, or path of a file.</summary>
    public required string Source { get; init; }

    /// <summary>Kafka partition; 0 for a file.</summary>
    public required int Number { get; init; }

    /// <summary>Indices of the streams that read it.</summary>
    public required int[] Streams { get; init; }

    /// <summary>Whether records have a timestamp of their own.</summary>
    public bool HasTimestamps { get; init; }

    /// <summary>Kafka: the topic's id.</summary>
    public string Identity { get; init; } = "";

    /// <summary>First position ever read.</summary>
    public required long Start { get; init; }

    /// <summary>Next position to read.</summary>
    public required long Position { get; init; }

    /// <summary>End of a bounded run; null in one that follows.</summary>
    public long? End { get; init; }

    /// <summary>A file: fingerprint of its bytes before <see cref="Position"/>, hex; else empty.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Greatest accepted event time.</summary>
    public required long MaxEventTime { get; init; }

    /// <summary>The floor in force.</summary>
    public required long Floor { get; init; }

    /// <summary>Whether it had appeared in the flow.</summary>
    public bool Known { get; init; }
}

/// <summary>Counts that are not in the lanes' snapshots.</summary>
public sealed record LedgerEntry
{
    /// <summary>Records read, each once.</summary>
    public required long SourceRecords { get; init; }

    /// <summary>By stream.</summary>
    public required IReadOnlyList<StreamEntry> Streams { get; init; }

    /// <summary>Events of valid samples, by rank.</summary>
    public required long[] Joined { get; init; }

    /// <summary>Events of invalid samples, by rank.</summary>
    public required long[] Invalid { get; init; }

    /// <summary>Invalid samples, by rule.</summary>
    public required long[] InvalidByRule { get; init; }

    /// <summary>Valid samples.</summary>
    public required long Samples { get; init; }

    /// <summary>Valid samples with label 1.</summary>
    public required long Positives { get; init; }
}

/// <summary>One stream's counts.</summary>
/// <param name="Records">Records.</param>
/// <param name="Rejected">By reason.</param>
/// <param name="Filtered">By filter.</param>
/// <param name="Events">Events.</param>
/// <param name="Late">Late by their own partition.</param>
/// <param name="LateIdle">Late by a floor.</param>
public sealed record StreamEntry(long Records, long[] Rejected, long[] Filtered, long Events, long Late, long LateIdle);

/// <summary>snake_case, as everywhere outside.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckpointManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
