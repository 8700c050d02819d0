using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>
/// What a sink has committed, written atomically with the samples it covers: the last sample of each key group, and the floors and the watermark those samples
/// depend on. With it goes what a replay from the very start needs.
/// </summary>
/// <remarks>Immutable: points are never written to after construction.</remarks>
public sealed record Progress
{
    /// <summary>Version of the contract the samples were made by; another one is refused.</summary>
    public required int Contract { get; init; }

    /// <summary>Hash of every setting that can change a sample.</summary>
    public required string SettingsHash { get; init; }

    /// <summary>Which start of which process wrote it; a sink that finds another's has been fenced.</summary>
    public required string Owner { get; init; }

    /// <summary>The start with empty state that this goes back to: the owner of that start. Progress and checkpoints of different origins do not go together.</summary>
    public required string Origin { get; init; }

    /// <summary>Where each partition was begun, before the first sample: for a replay from the start.</summary>
    public required IReadOnlyList<StartPosition> Starts { get; init; }

    /// <summary>Commits so far, over all starts.</summary>
    public long Commits { get; init; }

    /// <summary>The last committed sample of each of the <see cref="KeyHash.GroupCount"/> key groups.</summary>
    public IReadOnlyList<EmissionPoint> Points { get; init; } = EmissionPoint.NoneOfAll();

    /// <summary>The join's watermark: no committed sample was emitted under a higher one.</summary>
    public long Watermark { get; init; } = SourcePartition.NoTime;

    /// <summary>The floors.</summary>
    public FloorHistory Floors { get; init; } = FloorHistory.Empty;

    /// <summary>Whether, in any key group, less is committed than in <paramref name="other"/>.</summary>
    public bool IsBehind(IReadOnlyList<EmissionPoint> other)
    {
        for (int group = 0; group < other.Count; group++)
            if (Points[group] < other[group]) return true;
        return false;
    }
}

/// <summary>Where a partition was begun, and where a bounded run ends in it.</summary>
/// <param name="Source">Topic, or path of a file.</param>
/// <param name="Number">Kafka partition; 0 for a file.</param>
/// <param name="Position">First position read.</param>
/// <param name="End">End position of a bounded run; <see cref="SourcePartition.NoEnd"/> in one that follows.</param>
/// <param name="Identity">Kafka: the topic's id; empty where there is none.</param>
public sealed record StartPosition(string Source, int Number, long Position, long End, string Identity);
