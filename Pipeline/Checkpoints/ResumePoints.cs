using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Checkpoints;

/// <summary>Where sources begin, by partition, and what must still be true of what was read before.</summary>
internal sealed class ResumePoints
{
    /// <summary>Next positions to read; empty: as the job says.</summary>
    public Dictionary<(string Source, int Number), long> Positions { get; } = [];

    /// <summary>Ends of a bounded run; empty: not resumed.</summary>
    public Dictionary<(string Source, int Number), long> Ends { get; } = [];

    /// <summary>Topic ids.</summary>
    public Dictionary<(string Source, int Number), string> Identities { get; } = [];

    /// <summary>Fingerprints of files' bytes before the positions.</summary>
    public Dictionary<(string Source, int Number), ulong> Fingerprints { get; } = [];

    /// <summary>The clock when the checkpoint was taken, ms; null: there is none.</summary>
    public long? Clock { get; private init; }

    /// <summary>Of a start: partitions of the checkpoint, or of the progress a rebuild replays, and those that appeared since.</summary>
    /// <param name="plan">The start.</param>
    /// <param name="floors">All floors known of: the first of a partition that is in neither is where it appeared.</param>
    public static ResumePoints Of(StartPlan plan, IReadOnlyList<PartitionFloor> floors)
    {
        var points = new ResumePoints { Clock = plan.Manifest?.Created };
        if (plan.Manifest is { } manifest)
            foreach (ManifestPartition entry in manifest.Partitions)
            {
                (string, int) key = (entry.Source, entry.Number);
                points.Add(key, entry.Position, entry.End, entry.Identity);
                if (entry is { Fingerprint: { } fingerprint, Position: >= 0 }) points.Fingerprints.Add(key, fingerprint);
            }
        else if (plan.Kind == StartKind.Rebuild)
            foreach (StartPosition start in plan.Progress!.Starts)
                points.Add((start.Source, start.Number), start.Position, start.End, start.Identity);
        foreach (PartitionFloor floor in floors) points.Positions.TryAdd((floor.Source, floor.Number), floor.Position);
        return points;
    }

    private void Add((string Source, int Number) key, long position, long end, string identity)
    {
        // Registered and not yet read from when the checkpoint was taken: to be read from its first record.
        if (position < 0) return;
        Positions.Add(key, position);
        if (end != SourcePartition.NoEnd) Ends.Add(key, end);
        if (identity.Length > 0) Identities.Add(key, identity);
    }
}
