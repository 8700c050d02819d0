using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>Aligns a lane's inputs, Partition and its salts: the watermark is what all have come to, and a barrier passes when it has come by all.</summary>
/// <remarks>
/// <para>
/// Partition numbers what it sends the salts (<see cref="LaneBatch.Turn"/>) and tells the lane the number. A salt that has answered up to it holds nothing below the
/// watermark that Partition told with it; only one that is behind holds the lane at its own. So salts that have nothing to do are sent nothing, and hold nobody.
/// </para>
/// <para>
/// An input that has brought the barrier stands until the others have: what it brings meanwhile is held here. Partition sends to all in step and waits
/// for room at each, so that is at most what the other salts had waiting below the watermarks of the few batches behind the barrier.
/// </para>
/// Threading: the lane's.
/// </remarks>
internal sealed class LaneInputs
{
    private readonly Queue<LaneBatch>[] _held;
    private readonly bool[] _stands;
    private readonly long[] _turns;
    private readonly long[] _watermarks;
    private readonly List<ReorderSnapshot> _waiting = [];
    private CheckpointBarrier? _barrier;
    private long _turn;
    private long _watermark = SourcePartition.NoTime;

    /// <summary>Inputs that have brought nothing.</summary>
    /// <param name="salts">How many salts the lane has.</param>
    public LaneInputs(int salts)
    {
        _held = [.. Enumerable.Range(0, salts + 1).Select(static _ => new Queue<LaneBatch>())];
        _stands = new bool[salts + 1];
        _turns = new long[salts];
        _watermarks = new long[salts];
        Array.Fill(_watermarks, SourcePartition.NoTime);
    }

    /// <summary>The event time below which nothing comes any more by any input.</summary>
    public long Watermark
    {
        get
        {
            long least = _watermark;
            for (int salt = 0; salt < _turns.Length; salt++)
                if (_turns[salt] < _turn) least = Math.Min(least, _watermarks[salt]);
            return least;
        }
    }

    /// <summary>Takes a batch in.</summary>
    public void Take(LaneBatch batch) => _held[batch.Input].Enqueue(batch);

    /// <summary>The next batch of an input that does not stand before a barrier.</summary>
    public bool TryNext(out LaneBatch batch)
    {
        for (int input = 0; input < _held.Length; input++)
            if (!_stands[input] && _held[input].TryDequeue(out batch!)) return true;
        batch = null!;
        return false;
    }

    /// <summary>Notes what a batch says of its input. Its events are the caller's.</summary>
    public void Note(LaneBatch batch)
    {
        if (batch.Input == 0)
        {
            _turn = batch.Turn;
            if (batch.Watermark > _watermark) _watermark = batch.Watermark;
            _barrier = batch.Barrier;
        }
        else
        {
            int salt = batch.Input - 1;
            _turns[salt] = batch.Turn;
            if (batch.Watermark > _watermarks[salt]) _watermarks[salt] = batch.Watermark;
            if (((SaltBatch)batch).Waiting is { } waiting) _waiting.Add(waiting);
        }
        if (batch.Barrier is not null) _stands[batch.Input] = true;
    }

    /// <summary>The barrier, once it has come by all inputs, with the events that waited in the salts then; the inputs go on.</summary>
    public bool TryPass(out CheckpointBarrier barrier, out IReadOnlyList<ReorderSnapshot> waiting)
    {
        barrier = _barrier!;
        waiting = [];
        if (_barrier is null) return false;
        foreach (long turn in _turns)
            if (turn < _turn) return false;
        if (_waiting.Count > 0) waiting = [.. _waiting];
        _waiting.Clear();
        _barrier = null;
        Array.Clear(_stands);
        return true;
    }
}
