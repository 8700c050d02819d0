using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Writes dead letters; without a sink it takes none, as none are made.</summary>
/// <remarks>A barrier comes once from every block that makes letters; when all have come, what came before it is flushed.</remarks>
public sealed class DeadLetterBlock
{
    private readonly IDeadLetterSink? _sink;
    private readonly int _writers;
    private readonly StageClock _time;
    private int _writersPassed;

    /// <summary>A block over an opened sink, or over none.</summary>
    public DeadLetterBlock(IDeadLetterSink? sink, int writers, ParallelismOptions options, TimeProvider clock)
    {
        _sink = sink;
        _writers = writers;
        _time = new StageClock("dead-letters", clock);
        Block = new ActionBlock<DeadLetterBatch>(Links.Guard<DeadLetterBatch>("dead letters", Write), Links.Bounded(options.BlockCapacity));
    }

    /// <summary>The linked block.</summary>
    public ActionBlock<DeadLetterBatch> Block { get; }

    /// <summary>How the stage spends its time.</summary>
    public StageClock Time => _time;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Write(DeadLetterBatch batch)
    {
        if (_sink is null) throw new InvariantException($"{batch.Letters.Count} dead letters came without an output for them.");
        _time.Begin();
        int letters = batch.Letters.Count;
        if (letters > 0) await _sink.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
        if (batch.Barrier is not null) await PassBarrier(_sink, batch.Barrier).ConfigureAwait(false);
        _time.End(letters);
    }

    private async ValueTask PassBarrier(IDeadLetterSink sink, CheckpointBarrier barrier)
    {
        if (++_writersPassed < _writers) return;
        _writersPassed = 0;
        await sink.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        barrier.Pass();
    }
}
