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
    private readonly LaneBatch[] _filling;
    private readonly long[] _turns;
    private readonly long[] _sentWatermark;
    private Inlet<LaneBatch>[] _salts = [];

    /// <summary>A feed that has sent nothing.</summary>
    public SaltFeed(HotKeys hot, int lanes, BatchPool<LaneBatch> pool)
    {
        _hot = hot;
        _pool = pool;
        PerLane = hot.Salts;
        _filling = new LaneBatch[lanes * PerLane];
        _turns = new long[lanes];
        _sentWatermark = new long[lanes];
        Array.Fill(_sentWatermark, SourcePartition.NoTime);
    }

    /// <summary>Salts of a lane.</summary>
    public int PerLane { get; }

    /// <summary>Says who the salts are, lane after lane; before the first turn.</summary>
    public void Feed(Inlet<LaneBatch>[] salts) => _salts = salts;

    /// <summary>Turns that the salts of a lane were sent.</summary>
    public long TurnOf(int lane) => _turns[lane];

    /// <summary>Empty batches to deal into.</summary>
    public LaneBatch[] Fill()
    {
        for (int salt = 0; salt < _filling.Length; salt++) _filling[salt] ??= _pool.Rent();
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
        int number = (lane * PerLane) + salt;
        LaneBatch filled = _filling[number];
        _filling[number] = null!;
        filled.Turn = _turns[lane];
        return _salts[number].Deliver(filled);
    }

    /// <summary>Begins a turn that brings a barrier.</summary>
    public void BeginBarrier(int lane) => _turns[lane]++;

    /// <summary>Sends a salt the barrier.</summary>
    public ValueTask SendBarrier(int lane, int salt, CheckpointBarrier barrier)
    {
        LaneBatch carrier = _pool.Rent();
        carrier.Barrier = barrier;
        carrier.Turn = _turns[lane];
        return _salts[(lane * PerLane) + salt].Deliver(carrier);
    }

    /// <summary>The salts know the watermark: what was hot below it only is forgotten.</summary>
    public void Forget(long watermark) => _hot.Forget(watermark);
}
