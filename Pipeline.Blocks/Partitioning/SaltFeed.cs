using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>What Partition sends the salts: batches and barriers, numbered for each lane, so that the lane knows how far its salts are to have come.</summary>
/// <remarks>
/// A turn goes to all salts of a lane, or to none. Salts of a lane without hot keys get barriers only. Threading: Partition's.
/// </remarks>
internal sealed class SaltFeed
{
    private readonly HotKeys _hot;
    private readonly BatchPool<LaneBatch> _pool;
    private readonly BufferBlock<LaneBatch>[] _queues;
    private readonly LaneBatch[] _filling;
    private readonly long[] _turns;
    private readonly long[] _sentWatermark;

    /// <summary>A feed that has sent nothing.</summary>
    public SaltFeed(HotKeys hot, int lanes, BatchPool<LaneBatch> pool, ParallelismOptions options)
    {
        _hot = hot;
        _pool = pool;
        PerLane = hot.Salts;
        _queues = new BufferBlock<LaneBatch>[lanes * PerLane];
        for (int queue = 0; queue < _queues.Length; queue++) _queues[queue] = new BufferBlock<LaneBatch>(new DataflowBlockOptions { BoundedCapacity = options.BlockCapacity });
        _filling = new LaneBatch[_queues.Length];
        _turns = new long[lanes];
        _sentWatermark = new long[lanes];
        Array.Fill(_sentWatermark, SourcePartition.NoTime);
    }

    /// <summary>Each salt's queue, lane after lane.</summary>
    public IReadOnlyList<BufferBlock<LaneBatch>> Queues => _queues;

    /// <summary>Salts of a lane.</summary>
    public int PerLane { get; }

    /// <summary>Turns that the salts of a lane were sent.</summary>
    public long TurnOf(int lane) => _turns[lane];

    /// <summary>Empty batches to deal into.</summary>
    public LaneBatch[] Fill()
    {
        for (int queue = 0; queue < _filling.Length; queue++) _filling[queue] ??= _pool.Rent();
        return _filling;
    }

    /// <summary>Begins a turn of a lane's salts, where there is something to tell them.</summary>
    public bool Begins(int lane)
    {
        ReadOnlySpan<LaneBatch> filled = _filling.AsSpan(lane * PerLane, PerLane);
        int events = 0;
        foreach (LaneBatch batch in filled) events += batch.Count;
        if (events == 0 && (!_hot.Salted(lane) || filled[0].Watermark == _sentWatermark[lane])) return false;
        _turns[lane]++;
        _sentWatermark[lane] = filled[0].Watermark;
        return true;
    }

    /// <summary>Sends a salt its part of the turn.</summary>
    public ValueTask Send(int lane, int salt)
    {
        int queue = (lane * PerLane) + salt;
        LaneBatch filled = _filling[queue];
        _filling[queue] = null!;
        filled.Turn = _turns[lane];
        return _queues[queue].Deliver(filled);
    }

    /// <summary>Begins a turn that brings a barrier.</summary>
    public void BeginBarrier(int lane) => _turns[lane]++;

    /// <summary>Sends a salt the barrier.</summary>
    public ValueTask SendBarrier(int lane, int salt, CheckpointBarrier barrier)
    {
        LaneBatch carrier = _pool.Rent();
        carrier.Barrier = barrier;
        carrier.Turn = _turns[lane];
        return _queues[(lane * PerLane) + salt].Deliver(carrier);
    }

    /// <summary>The salts know the watermark: what was hot below it only is forgotten.</summary>
    public void Forget(long watermark) => _hot.Forget(watermark);
}
