using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>The end of the flow: writes formatted samples, and says when a barrier has passed with everything before it delivered.</summary>
public sealed class SinkBlock
{
    private readonly ISampleSink _sink;
    private readonly int _lanes;
    private readonly StageClock _time;
    private readonly Action _took;
    private int _lanesPassed;

    /// <summary>A block over an opened sink.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="lanes">Lanes, each of which brings every barrier.</param>
    /// <param name="options">Its queue.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="took">Told of each batch taken.</param>
    public SinkBlock(ISampleSink sink, int lanes, ParallelismOptions options, TimeProvider clock, Action took)
    {
        _took = took;
        _sink = sink;
        _lanes = lanes;
        _time = new StageClock("sink", clock);
        Block = new ActionBlock<OutputBatch>(Links.Guard<OutputBatch>("sink", Write), Links.Bounded(options.BlockCapacity));
    }

    /// <summary>The linked block.</summary>
    public ActionBlock<OutputBatch> Block { get; }

    /// <summary>The progress committed last; null from a sink that delivers at least once.</summary>
    public Progress? Committed => _sink.Committed;

    /// <summary>Fails with what stopped the sink between two batches; see <see cref="ISampleSink.Completion"/>.</summary>
    public Task SinkCompletion => _sink.Completion;

    /// <summary>How the stage spends its time.</summary>
    public StageClock Time => _time;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Write(OutputBatch batch)
    {
        _took();
        _time.Begin();
        CheckpointBarrier? barrier = batch.Barrier;
        int samples = batch.Count;
        if (samples > 0) await _sink.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
        else batch.Release();
        if (barrier is not null) await PassBarrier(barrier).ConfigureAwait(false);
        _time.End(samples);
    }

    private async ValueTask PassBarrier(CheckpointBarrier barrier)
    {
        if (++_lanesPassed < _lanes) return;
        _lanesPassed = 0;
        await _sink.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        barrier.Pass();
    }
}
