using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>The progress that the next commit will carry: what is committed, and the samples written since.</summary>
/// <remarks>
/// Floors are compared by <see cref="FloorHistory.Sequence"/>, also with those of the progress begun with: a restart counts on from there.
/// Threading: one caller at a time; <see cref="Committed"/> is for any thread.
/// </remarks>
internal sealed class PendingProgress
{
    private readonly EmissionPoint[] _points;
    private long _watermark;
    private FloorHistory _floors;
    private volatile Progress _committed;

    /// <summary>Goes on from a progress.</summary>
    public PendingProgress(Progress from)
    {
        _committed = from;
        _points = [.. from.Points];
        (_watermark, _floors) = (from.Watermark, from.Floors);
    }

    /// <summary>What was committed last.</summary>
    public Progress Committed => _committed;

    /// <summary>Takes in the samples of a batch. Errors: <see cref="InvariantException"/> for samples without a place, or not behind what was written before.</summary>
    public void Add(OutputBatch batch)
    {
        if (batch.Groups == 0) throw new InvariantException($"lane {batch.Lane}: {batch.Count} samples came without their places in the order of emission.");
        for (ulong groups = batch.Groups; groups != 0; groups &= groups - 1)
        {
            int group = System.Numerics.BitOperations.TrailingZeroCount(groups);
            if (batch.Points[group] <= _points[group])
                throw new InvariantException($"key group {group}, lane {batch.Lane}: expected samples behind {_points[group]}, found {batch.Points[group]}.");
            _points[group] = batch.Points[group];
        }
        _watermark = Math.Max(_watermark, batch.Watermark);
        if (batch.Floors.Sequence > _floors.Sequence) _floors = batch.Floors;
    }

    /// <summary>What to commit now.</summary>
    public Progress Next() => _committed with { Commits = _committed.Commits + 1, Points = [.. _points], Watermark = _watermark, Floors = _floors };

    /// <summary>It is committed.</summary>
    public void Commit(Progress next) => _committed = next;
}
