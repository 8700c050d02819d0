using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Checkpoints;

/// <summary>
/// One consistent cut through a job, written last: where every source partition was read to, what was decided and counted until there, and which files hold
/// the lanes' state. <see cref="ManifestFile"/> writes and reads it.
/// </summary>
/// <remarks>
/// Data only. Times are ms since the epoch, UTC; "none" and "+∞" are the flow's own values (<see cref="SourcePartition.NoTime"/>, <see cref="long.MaxValue"/>).
/// Another shape is another <see cref="FormatVersion"/>.
/// </remarks>
public sealed record CheckpointManifest
{
    /// <summary>The shape this release writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Version of this shape.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Version of the contract that samples are made by.</summary>
    public required int ContractVersion { get; init; }

    /// <summary>Name of the job.</summary>
    public required string Job { get; init; }

    /// <summary>Hash of every setting that can change a sample.</summary>
    public required string SettingsHash { get; init; }

    /// <summary>The text that was hashed, by which two settings can be compared.</summary>
    public required string Settings { get; init; }

    /// <summary>Ascending over the life of the state directory.</summary>
    public required long Id { get; init; }

    /// <summary>When it was made.</summary>
    public required long Created { get; init; }

    /// <summary>Which start of which process made it.</summary>
    public required string Owner { get; init; }

    /// <summary>The start with empty state that this goes back to; the committed progress names the same.</summary>
    public required string Origin { get; init; }

    /// <summary>
    /// Owner of the committed progress that this start discards, as long as it has not overwritten it: a crash between the two leaves that progress beside this
    /// checkpoint. Null otherwise.
    /// </summary>
    public required string? Discards { get; init; }

    /// <summary>Delivery in force.</summary>
    public required DeliveryMode Delivery { get; init; }

    /// <summary>The job was stopped behind it with everything delivered: nothing has to be replayed.</summary>
    public required bool CleanStop { get; init; }

    /// <summary>A bounded run came to its end.</summary>
    public required bool Finished { get; init; }

    /// <summary>The job's streams in its order.</summary>
    public required IReadOnlyList<ManifestStream> Streams { get; init; }

    /// <summary>Window length, ms: open windows in the state have it.</summary>
    public required long WindowMs { get; init; }

    /// <summary>The window's anchor.</summary>
    public required WindowAnchor Anchor { get; init; }

    /// <summary>Whether the state keeps actions' payloads for dead letters.</summary>
    public required bool KeepsLetters { get; init; }

    /// <summary>The lanes in their order.</summary>
    public required IReadOnlyList<ManifestLane> Lanes { get; init; }

    /// <summary>The source partitions by index.</summary>
    public required IReadOnlyList<ManifestPartition> Partitions { get; init; }

    /// <summary>The join's watermark.</summary>
    public required long Watermark { get; init; }

    /// <summary>Greatest event time read, in any partition.</summary>
    public required long MaxEventTime { get; init; }

    /// <summary>By stream: what it holds the watermark at.</summary>
    public required IReadOnlyList<long> StreamWatermarks { get; init; }

    /// <summary>The floors.</summary>
    public required FloorHistory Floors { get; init; }

    /// <summary>The counts.</summary>
    public required ManifestLedger Ledger { get; init; }

    /// <summary>The committed progress of the key groups that have any.</summary>
    public required IReadOnlyList<ManifestPoint> Points { get; init; }

    /// <summary>Commits of the sink so far.</summary>
    public required long Commits { get; init; }

    /// <summary>The committed progress of every key group.</summary>
    public EmissionPoint[] AllPoints() => ManifestPoint.ToPoints(Points);

    /// <summary>Events in the lanes' state.</summary>
    public long OpenEvents() => Lanes.Sum(static lane => lane.Open);

    /// <summary>Bytes of the lanes' snapshot files.</summary>
    public long SnapshotBytes() => Lanes.Sum(static lane => lane.Bytes);
}
