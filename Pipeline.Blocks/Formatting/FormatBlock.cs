using System.Collections.Concurrent;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Formatting;

/// <summary>Validates and writes samples, several batches at once, and passes them on in the order they came.</summary>
public sealed class FormatBlock
{
    private readonly ConcurrentBag<Worker> _workers = [];
    private readonly Func<ISampleFormatter> _make;
    private readonly BatchPool<SampleBatch> _inputs;
    private readonly BatchPool<OutputBatch> _outputs;
    private readonly BufferBlock<DeadLetterBatch> _letters;
    private readonly bool _keepLetters;
    private readonly int _actionStreams;
    private readonly int _rules;
    private readonly StageClock _time;

    /// <summary>A block with one formatter a worker.</summary>
    public FormatBlock(
        Func<ISampleFormatter> make, int actionStreams, int rules, bool keepLetters,
        BatchPool<SampleBatch> inputs, BatchPool<OutputBatch> outputs, ParallelismOptions options, TimeProvider clock)
    {
        _make = make;
        _inputs = inputs;
        _outputs = outputs;
        _keepLetters = keepLetters;
        _actionStreams = actionStreams;
        _rules = rules;
        _time = new StageClock("format", clock, options.Format);
        Ledger = new FormatLedger(1 + actionStreams, rules);
        _letters = new BufferBlock<DeadLetterBatch>(new DataflowBlockOptions { BoundedCapacity = options.BlockCapacity });
        // Work that may wait costs a task and its continuation each time, whether it waits or not.
        ExecutionDataflowBlockOptions bounds = Links.Bounded(options.SentCapacity, options.Format);
        Block = keepLetters ? new TransformBlock<SampleBatch, OutputBatch>(FormatAndSend, bounds) : new TransformBlock<SampleBatch, OutputBatch>(batch => Format(batch, out _), bounds);
        Block.Ends(_letters);
        Inlet = new Inlet<SampleBatch>(Block, () => Block.InputCount + Block.OutputCount, bounds.BoundedCapacity, options.Format);
    }

    /// <summary>The linked block.</summary>
    public TransformBlock<SampleBatch, OutputBatch> Block { get; }

    /// <summary>The way into it; who takes its output tells of that too.</summary>
    public Inlet<SampleBatch> Inlet { get; }

    /// <summary>Invalid samples.</summary>
    public BufferBlock<DeadLetterBatch> Letters => _letters;

    /// <summary>What became of the events.</summary>
    public FormatLedger Ledger { get; }

    /// <summary>How the stage spends its time.</summary>
    public StageClock Time => _time;

    private async Task<OutputBatch> FormatAndSend(SampleBatch batch)
    {
        OutputBatch output = Format(batch, out DeadLetterBatch? letters);
        if (letters is not null) await _time.Waiting(_letters.Deliver(letters)).ConfigureAwait(false);
        return output;
    }

    private OutputBatch Format(SampleBatch batch, out DeadLetterBatch? letters)
    {
        OutputBatch output = _outputs.Rent();
        output.Lane = batch.Lane;
        output.Barrier = batch.Barrier;
        output.Watermark = batch.Watermark;
        output.Floors = batch.Floors;
        output.Times = batch.Times;
        letters = batch.Count > 0 ? Write(batch, output) : null;
        batch.Clear();
        _inputs.Return(batch);
        return output;
    }

    private DeadLetterBatch? Write(SampleBatch batch, OutputBatch output)
    {
        ComputeThreads.GiveWay();
        _time.Begin();
        if (!_workers.TryTake(out Worker? worker)) worker = new Worker(_make(), _actionStreams, _rules);
        worker.Clear();
        DeadLetterBatch? letters = _keepLetters ? worker.Letters : null;
        worker.Formatter.Format(batch, output, ref worker.Result, letters);
        Ledger.Add(worker.Result, batch.Behind);
        bool any = letters?.Letters.Count > 0;
        if (any) worker.Letters = new DeadLetterBatch();
        _workers.Add(worker);
        _time.End(batch.Count);
        return any ? letters : null;
    }

    private sealed class Worker(ISampleFormatter formatter, int actionStreams, int rules)
    {
        public readonly ISampleFormatter Formatter = formatter;
        public DeadLetterBatch Letters = new();
        public FormatResult Result = new()
        {
            JoinedActions = new long[actionStreams],
            InvalidActions = new long[actionStreams],
            InvalidByRule = new long[rules],
        };

        public void Clear()
        {
            Array.Clear(Result.JoinedActions);
            Array.Clear(Result.InvalidActions);
            Array.Clear(Result.InvalidByRule);
            Result.JoinedExposures = Result.InvalidExposures = Result.Samples = Result.Positives = 0;
        }
    }
}
