using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Writes dead letters; without a sink it takes none, as none are made.</summary>
public sealed class DeadLetterBlock
{
    private readonly IDeadLetterSink? _sink;

    /// <summary>A block over an opened sink, or over none.</summary>
    public DeadLetterBlock(IDeadLetterSink? sink, ParallelismOptions options)
    {
        _sink = sink;
        Block = new ActionBlock<DeadLetterBatch>(Links.Guard<DeadLetterBatch>("dead letters", Write), Links.Bounded(options.BlockCapacity));
    }

    /// <summary>The linked block.</summary>
    public ActionBlock<DeadLetterBatch> Block { get; }

    private async Task Write(DeadLetterBatch batch)
    {
        if (_sink is null) throw new InvariantException($"{batch.Letters.Count} dead letters came without an output for them.");
        await _sink.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
    }
}
