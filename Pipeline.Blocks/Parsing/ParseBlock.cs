using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Parsing;

/// <summary>Parses record batches, several at once, and passes them on in the order they came.</summary>
/// <remarks>Ordering: the intake's. Barriers and notices pass in line.</remarks>
public sealed class ParseBlock
{
    private readonly IRecordParser _parser;
    private readonly StageClock _time;

    /// <summary>A block over a parser that all workers share.</summary>
    public ParseBlock(IRecordParser parser, ParallelismOptions options, TimeProvider clock)
    {
        _parser = parser;
        _time = new StageClock("parse", clock, options.Parse);
        Block = new TransformBlock<RecordBatch, RecordBatch>(Parse, Links.Bounded(options.BlockCapacity, options.Parse));
    }

    /// <summary>The linked block.</summary>
    public TransformBlock<RecordBatch, RecordBatch> Block { get; }

    /// <summary>How the stage spends its time.</summary>
    public StageClock Time => _time;

    private RecordBatch Parse(RecordBatch batch)
    {
        if (batch.RecordCount == 0) return batch;
        ComputeThreads.GiveWay();
        _time.Begin();
        _parser.Parse(batch);
        _time.End(batch.RecordCount);
        return batch;
    }
}
