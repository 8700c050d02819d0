using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <content>
/// Floors, kept so that a replay applies the same floor at the same position, whatever is idle by then.
/// <para>Worked example: click-0 is idle at position 500 when the join's watermark is 10:04:50, and comes back with a click of 10:01, which is late_idle. The
/// process dies and begins again at position 480. In the replay click-0 is never idle, yet from position 500 on its floor is 10:04:50, and the click is
/// late_idle again. Pinned by <c>FloorTests.ReplayedFloor_RefusesTheSameEvents</c>.</para>
/// <para>A floor that its partition's own watermark has overtaken, and that refused nothing until then, changes no replay and is forgotten.</para>
/// </content>
public sealed partial class WatermarkTracker
{
    private readonly List<Entry> _entries = [];
    private FloorHistory _floors = FloorHistory.Empty;
    private bool _floorsChanged;
    private long _committedWatermark = SourcePartition.NoTime;

    /// <summary>The floors now; another object whenever something changed.</summary>
    public FloorHistory Floors => _floorsChanged ? Renew() : _floors;

    /// <summary>Partitions known before the first record: they have no floor.</summary>
    public void Begin(IEnumerable<SourcePartition> partitions, long now)
    {
        foreach (SourcePartition partition in partitions) Publish(partition, Know(partition, now));
    }

    /// <summary>The first position with a recorded floor that was not applied yet; <see cref="long.MaxValue"/> for none.</summary>
    public long NextFloorAt(SourcePartition partition) =>
        _partitions[partition.Index].Recorded is { } recorded && recorded.TryPeek(out PartitionFloor? next) ? next.Position : long.MaxValue;

    /// <summary>Applies recorded floors up to a position.</summary>
    public void ReachPosition(SourcePartition partition, long position)
    {
        ref Partition state = ref _partitions[partition.Index];
        while (state.Recorded is { } recorded && recorded.TryPeek(out PartitionFloor? next) && next.Position <= position)
        {
            recorded.Dequeue();
            if (next.Watermark > state.Floor) state.Floor = next.Watermark;
            Forget(ref state);
            state.Current = _entries.Find(entry => entry.Floor == next);
        }
    }

    /// <summary>An event was refused by the partition's floor.</summary>
    public void Refused(SourcePartition partition)
    {
        ref Partition state = ref _partitions[partition.Index];
        if (partition.State == PartitionState.Idle) state.RefusedWhileIdle = true;
        else if (state.Current is { } current) current.Keep = true;
    }

    /// <summary>What a checkpoint keeps.</summary>
    /// <param name="positions">By partition index.</param>
    public TrackerCut Save(ReadOnlySpan<long> positions)
    {
        var marks = new PartitionMark[positions.Length];
        for (int index = 0; index < marks.Length; index++)
        {
            ref Partition state = ref _partitions[index];
            marks[index] = new PartitionMark(positions[index], state.Max, state.Floor, state.Known);
        }
        return new TrackerCut(marks, Watermark, MaxEventTime, [.. _streamWatermarks], Floors);
    }

    /// <summary>
    /// Goes on from a checkpoint: no partition is idle until an answer says so again, so the watermark stands until then.
    /// </summary>
    /// <param name="cut">What the checkpoint kept; its partitions are registered under the same indices.</param>
    /// <param name="floors">Recorded floors, those of idle partitions too: see <see cref="FloorMerge"/>.</param>
    /// <param name="committedWatermark">The watermark of the last commit.</param>
    /// <param name="now">Ms of the clock.</param>
    public void Restore(TrackerCut cut, IReadOnlyList<PartitionFloor> floors, long committedWatermark, long now)
    {
        Watermark = cut.Watermark;
        MaxEventTime = cut.MaxEventTime;
        _committedWatermark = committedWatermark;
        cut.StreamWatermarks.CopyTo(_streamWatermarks, 0);
        ILookup<(string, int), PartitionFloor> recorded = floors.ToLookup(static floor => (floor.Source, floor.Number));
        foreach (SourcePartition partition in _directory.All)
        {
            PartitionMark mark = partition.Index < cut.Partitions.Count ? cut.Partitions[partition.Index] : PartitionMark.Unknown;
            PartitionFloor[] own = [.. recorded[(partition.Source, partition.Number)].OrderBy(static floor => floor.Position)];
            if (!mark.Known && own.Length == 0) continue;
            ref Partition state = ref Know(partition, now);
            state.Max = mark.MaxEventTime;
            state.Floor = mark.Floor;
            // What was refused by a floor before the checkpoint is not known here; the floor of a partition that appeared is how it is known at all.
            foreach (PartitionFloor floor in own) _entries.Add(new Entry(floor) { Keep = floor.Position < mark.Position || (!mark.Known && floor == own[0]) });
            state.Recorded = new Queue<PartitionFloor>(own.Where(floor => floor.Position >= mark.Position));
            Publish(partition, state);
        }
        _floorsChanged = true;
    }

    private ref Partition Know(SourcePartition partition, long now)
    {
        if (partition.Index >= _partitions.Length) Array.Resize(ref _partitions, Math.Max(partition.Index + 1, _partitions.Length * 2));
        ref Partition state = ref _partitions[partition.Index];
        state = new Partition { Known = true, Max = SourcePartition.NoTime, Floor = SourcePartition.NoTime, AcceptedAt = now };
        partition.State = PartitionState.Active;
        return ref state;
    }

    private void GoIdle(ref Partition state, SourcePartition partition, long position)
    {
        partition.State = PartitionState.Idle;
        state.IdleAt = position;
        state.RefusedWhileIdle = false;
        _floorsChanged = true;
    }

    private void ComeBack(ref Partition state, SourcePartition partition)
    {
        state.Floor = Watermark;
        partition.State = PartitionState.Active;
        Forget(ref state);
        Note(ref state, partition, state.IdleAt, state.RefusedWhileIdle);
    }

    private void Note(ref Partition state, SourcePartition partition, long position, bool keep)
    {
        state.Current = new Entry(new PartitionFloor(partition.Source, partition.Number, position, state.Floor)) { Keep = keep };
        _entries.Add(state.Current);
        _floorsChanged = true;
    }

    private void Overtake(ref Partition state)
    {
        Forget(ref state);
        state.Current = null;
    }

    private void Forget(ref Partition state)
    {
        if (state.Current is not { Keep: false } current) return;
        _entries.Remove(current);
        _floorsChanged = true;
    }

    private FloorHistory Renew()
    {
        _floorsChanged = false;
        return _floors = new FloorHistory(
            _floors.Sequence + 1,
            [.. _entries.Select(static entry => entry.Floor)],
            [.. _directory.All
                .Where(partition => partition.State == PartitionState.Idle && partition.Index < _partitions.Length)
                .Select(partition => new IdlePartition(partition.Source, partition.Number, _partitions[partition.Index].IdleAt))]);
    }

    private sealed class Entry(PartitionFloor floor)
    {
        public readonly PartitionFloor Floor = floor;
        public bool Keep;
    }
}
