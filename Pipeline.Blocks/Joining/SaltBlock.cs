using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Joining;

/// <summary>One salt as a block, between Partition and its lane; watermarks and barriers pass through it in line with the events.</summary>
/// <remarks>Every batch it takes is answered by one that brings the same turn, after any number that do not complete it yet.</remarks>
public sealed class SaltBlock
{
    private readonly Salt _salt;
    private readonly BatchPool<LaneBatch> _inputs;
    private readonly BatchPool<SaltBatch> _outputs;
    private readonly StageClock _time;
    private Inlet<LaneBatch> _lane = null!;

    /// <summary>A block over a salt.</summary>
    /// <param name="salt">The salt.</param>
    /// <param name="inputs">Where it gives what it takes back.</param>
    /// <param name="outputs">Where what it sends comes from.</param>
    /// <param name="options">Capacities.</param>
    /// <param name="time">The time of all salts of the lane.</param>
    public SaltBlock(Salt salt, BatchPool<LaneBatch> inputs, BatchPool<SaltBatch> outputs, ParallelismOptions options, StageClock time)
    {
        _salt = salt;
        _inputs = inputs;
        _outputs = outputs;
        _time = time;
        Input = new ActionBlock<LaneBatch>(Links.Guard<LaneBatch>("salt", Condense), Links.Bounded(options.SentCapacity));
        Inlet = new Inlet<LaneBatch>(Input, () => Input.InputCount, options.SentCapacity);
    }

    /// <summary>Takes the salt's events.</summary>
    public ActionBlock<LaneBatch> Input { get; }

    /// <summary>The way into it.</summary>
    public Inlet<LaneBatch> Inlet { get; }

    /// <summary>The salt, for its numbers.</summary>
    public Salt State => _salt;

    /// <summary>Says which lane it sends to; before the first batch.</summary>
    public void Feed(Inlet<LaneBatch> lane) => _lane = lane;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Condense(LaneBatch batch)
    {
        Inlet.Took();
        CheckpointBarrier? barrier = batch.Barrier;
        _time.Begin();
        int events = batch.Count;
        _salt.Accept(batch);
        batch.Records?.Release();
        batch.Clear();
        _inputs.Return(batch);
        SaltBatch output = _outputs.Rent();
        while (_salt.Condense(output))
        {
            _time.End(events);
            await _time.Waiting(_lane.Deliver(output)).ConfigureAwait(false);
            output = _outputs.Rent();
            _time.Begin();
            events = 0;
        }
        if (barrier is not null)
        {
            output.Barrier = barrier;
            if (barrier.Directory is not null) output.Waiting = _salt.BeginSnapshot();
        }
        _time.End(events);
        await _time.Waiting(_lane.Deliver(output)).ConfigureAwait(false);
    }
}
