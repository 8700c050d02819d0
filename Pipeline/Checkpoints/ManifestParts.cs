using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Checkpoints;

/// <summary>A stream of the job.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">Exposure or action.</param>
public sealed record ManifestStream(string Name, StreamRole Role);

/// <summary>A lane's snapshot.</summary>
/// <param name="File">The snapshot file, relative to the checkpoint's directory, with <c>/</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Xxh128">32 lower-case hex digits of the XXH128 of its bytes.</param>
/// <param name="TableGeneration">Oldest files of the lane it needs: which log of the window table,</param>
/// <param name="TableSegment">which segment of it,</param>
/// <param name="LogPage">which page of the window log.</param>
/// <param name="Open">Events in its state.</param>
public sealed record ManifestLane(string File, long Bytes, string Xxh128, int TableGeneration, int TableSegment, long LogPage, long Open)
{
    /// <summary>Describes a snapshot file as it stands on disk.</summary>
    /// <param name="checkpoint">The checkpoint's directory.</param>
    /// <param name="file">The file, relative to it.</param>
    /// <param name="floor">The oldest files it needs.</param>
    /// <param name="open">Events in the lane's state.</param>
    public static ManifestLane Of(string checkpoint, string file, LaneFloor floor, long open)
    {
        string path = Path.Combine(checkpoint, file);
        return new ManifestLane(
            file.Replace('\\', '/'), new FileInfo(path).Length, FileChecksum.Of(path), floor.Table.Generation, floor.Table.Segment, floor.LogPage, open);
    }

    /// <summary>The oldest of the lane's files that it needs.</summary>
    public LaneFloor Floor() => new(new TableFloor(TableGeneration, TableSegment), LogPage);
}

/// <summary>Where one source partition stands.</summary>
public sealed record ManifestPartition
{
    /// <summary>Topic, or path of a file.</summary>
    public required string Source { get; init; }

    /// <summary>Kafka partition; 0 for a file.</summary>
    public required int Number { get; init; }

    /// <summary>Indices of the streams that read it.</summary>
    public required IReadOnlyList<int> Streams { get; init; }

    /// <summary>Whether records carry a timestamp of their own.</summary>
    public required bool HasTimestamps { get; init; }

    /// <summary>Kafka: the topic's id; empty where there is none.</summary>
    public required string Identity { get; init; }

    /// <summary>Column names of a CSV partition; empty for JSON.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>First position read, ever.</summary>
    public required long Start { get; init; }

    /// <summary>The next position to read.</summary>
    public required long Position { get; init; }

    /// <summary>End of a bounded run; <see cref="SourcePartition.NoEnd"/>: it is followed.</summary>
    public required long End { get; init; }

    /// <summary>Files: fingerprint of the bytes before <see cref="Position"/>.</summary>
    public required ulong? Fingerprint { get; init; }

    /// <summary>Greatest accepted event time.</summary>
    public required long MaxEventTime { get; init; }

    /// <summary>Its own watermark is no lower than this.</summary>
    public required long Floor { get; init; }

    /// <summary>Whether it had appeared in the flow.</summary>
    public required bool Known { get; init; }
}

/// <summary>The counts outside the lanes, which keep theirs in their snapshots.</summary>
public sealed record ManifestLedger
{
    /// <summary>Records read, each once.</summary>
    public required long SourceRecords { get; init; }

    /// <summary>By stream of the job.</summary>
    public required IReadOnlyList<ManifestStreamLedger> Streams { get; init; }

    /// <summary>By rank: 0 the exposure stream, then the action streams.</summary>
    public required IReadOnlyList<ManifestRankLedger> Ranks { get; init; }

    /// <summary>Invalid samples by rule.</summary>
    public required IReadOnlyList<long> InvalidByRule { get; init; }

    /// <summary>Samples.</summary>
    public required long Samples { get; init; }

    /// <summary>Samples with label 1.</summary>
    public required long Positives { get; init; }
}

/// <summary>What became of a stream's records before the lanes.</summary>
/// <param name="Records">Records.</param>
/// <param name="Rejected">By reason, in the order of <see cref="EventOutcome"/>.</param>
/// <param name="Filtered">By filter.</param>
/// <param name="Events">Events.</param>
/// <param name="Late">Late by their own partition.</param>
/// <param name="LateIdle">Late by a floor only.</param>
public sealed record ManifestStreamLedger(
    long Records, IReadOnlyList<long> Rejected, IReadOnlyList<long> Filtered, long Events, long Late, long LateIdle);

/// <summary>What became of a rank's events behind the lanes.</summary>
/// <param name="Joined">Part of a sample.</param>
/// <param name="Invalid">Of an invalid one.</param>
public sealed record ManifestRankLedger(long Joined, long Invalid);

/// <summary>The last committed sample of a key group.</summary>
/// <param name="Group">The key group.</param>
/// <param name="Time">Emission time.</param>
/// <param name="Key">The key's hash, 32 hex digits.</param>
/// <param name="Start">The window's start.</param>
/// <param name="Revision">Revision.</param>
public sealed record ManifestPoint(int Group, long Time, string Key, long Start, uint Revision)
{
    /// <summary>The points that are set.</summary>
    public static IReadOnlyList<ManifestPoint> Of(IReadOnlyList<EmissionPoint> points) =>
        [.. points.Select(static (point, group) => (point, group)).Where(static set => set.point != EmissionPoint.None).Select(static set =>
            new ManifestPoint(set.group, set.point.Time, set.point.Key.ToHex(), set.point.Start, set.point.Revision))];

    /// <summary>One for each of the <see cref="KeyHash.GroupCount"/> key groups.</summary>
    public static EmissionPoint[] ToPoints(IEnumerable<ManifestPoint> set)
    {
        EmissionPoint[] points = EmissionPoint.NoneOfAll();
        foreach (ManifestPoint point in set)
            points[point.Group] = new EmissionPoint(point.Time, KeyHash.FromHex(point.Key), point.Start, point.Revision);
        return points;
    }
}
