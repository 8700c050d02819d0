using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>What one transaction is to hold, kept until it is known to be committed, and how far of it has been produced.</summary>
/// <remarks>Threading: one thread. Ownership: of the batches, from <see cref="Add"/> to <see cref="Release"/>.</remarks>
internal sealed class OpenTransaction
{
    private readonly List<OutputBatch> _batches = [];
    private readonly EmissionPoint[] _points = new EmissionPoint[KeyHash.GroupCount];
    private ulong _groups;
    private long _watermark = SourcePartition.NoTime;
    private FloorHistory _floors = FloorHistory.Empty;
    private Progress? _start;
    private readonly List<ProgressRecord> _records = [];

    // Of the transaction before: the client has copied them.
    private readonly byte[]?[] _values = new byte[KeyHash.GroupCount][];
    private int _batch;
    private bool _confirms;

    /// <summary>Nothing to commit.</summary>
    public bool IsEmpty => _batches.Count == 0 && _start is null && !_confirms;

    /// <summary>Samples in it.</summary>
    public int Samples { get; private set; }

    /// <summary>Bytes of their keys and values.</summary>
    public long Bytes { get; private set; }

    /// <summary>First sample of <see cref="Next"/> not produced yet.</summary>
    public int Record { get; set; }

    /// <summary>Progress records produced.</summary>
    public int Produced { get; set; }

    /// <summary>The progress with it; null until <see cref="Records"/> was asked.</summary>
    public Progress? Target { get; private set; }

    /// <summary>Makes it the one transaction of a start.</summary>
    /// <param name="progress">All that it commits.</param>
    public void Start(Progress progress) => _start = progress;

    /// <summary>Is committed also without samples: by that a writer learns whether the job is still its own.</summary>
    public void Confirm() => _confirms = true;

    /// <summary>Takes a batch.</summary>
    public void Add(OutputBatch batch)
    {
        _batches.Add(batch);
        Samples += batch.Count;
        Bytes += batch.BytesUsed;
        for (ulong left = batch.Groups; left != 0; left &= left - 1)
        {
            int group = System.Numerics.BitOperations.TrailingZeroCount(left);
            _points[group] = batch.Points[group];
        }
        _groups |= batch.Groups;
        _watermark = Math.Max(_watermark, batch.Watermark);
        if (batch.Floors.Sequence > _floors.Sequence) _floors = batch.Floors;
    }

    /// <summary>The batch to produce from <see cref="Record"/> on; null when all are produced.</summary>
    public OutputBatch? Next()
    {
        for (; _batch < _batches.Count; _batch++, Record = 0)
            if (Record < _batches[_batch].Count) return _batches[_batch];
        return null;
    }

    /// <summary>Tells of each batch in it.</summary>
    public void Tell(Action<OutputBatch> told) => _batches.ForEach(told);

    /// <summary>Nothing of it counts as produced any more.</summary>
    public void Rewind() => _batch = Record = Produced = 0;

    /// <summary>The progress records; no batch may be added behind this.</summary>
    /// <param name="before">What is committed.</param>
    public List<ProgressRecord> Records(Progress? before)
    {
        if (Target is not null) return _records;
        Progress target = _start ?? After(before ?? throw new InvariantException("Samples were written before the start was committed"));
        if (_start is not null) ProgressRecords.All(target, _records);
        else ProgressRecords.Changes(before!, target, _groups, _records, _values);
        Target = target;
        return _records;
    }

    /// <summary>Empties it and releases the batches: it is committed, or given up.</summary>
    public void Release()
    {
        foreach (OutputBatch batch in _batches) batch.Release();
        _batches.Clear();
        (Samples, Bytes, _groups, _watermark, _floors) = (0, 0, 0, SourcePartition.NoTime, FloorHistory.Empty);
        _records.Clear();
        (_start, Target, _confirms) = (null, null, false);
        Rewind();
    }

    private Progress After(Progress before)
    {
        EmissionPoint[] points = [.. before.Points];
        for (int group = 0; group < points.Length; group++)
            if ((_groups & (1UL << group)) != 0) points[group] = _points[group];
        return before with
        {
            Commits = before.Commits + 1,
            Points = points,
            Watermark = Math.Max(before.Watermark, _watermark),
            Floors = _floors.Sequence > before.Floors.Sequence ? _floors : before.Floors,
        };
    }
}
