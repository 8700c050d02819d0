using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Partitioning;

/// <summary>The single-threaded block where lateness and the watermark are decided and events part into lanes.</summary>
/// <remarks>
/// Ordering: what it sends to a lane keeps the intake's order; watermarks and barriers go to every lane in line with the events. It sends to the lanes' own queues: one more
/// between them would cost two tasks a batch, and say nothing.
/// </remarks>
public sealed class PartitionBlock
{
    private readonly Partitioner _partitioner;
    private readonly BufferBlock<DeadLetterBatch> _letters;
    private readonly BatchPool<LaneBatch> _pool = new(static () => new LaneBatch(), 256);
    private readonly LaneBatch[] _filling;
    private readonly long[] _sentWatermark;
    private readonly SaltFeed? _salts;
    private readonly bool _keepLetters;
    private readonly StageClock _time;
    private Inlet<LaneBatch>[] _lanes = [];
    private DeadLetterBatch _letterBatch = new();

    /// <summary>A block over a partitioner.</summary>
    public PartitionBlock(Partitioner partitioner, int lanes, bool keepLetters, ParallelismOptions options, TimeProvider clock)
    {
        if (partitioner.Hot is { } hot) _salts = new SaltFeed(hot, lanes, _pool);
        _partitioner = partitioner;
        _keepLetters = keepLetters;
        _time = new StageClock("partition", clock);
        _letters = new BufferBlock<DeadLetterBatch>(new DataflowBlockOptions { BoundedCapacity = options.BlockCapacity });
        _filling = new LaneBatch[lanes];
        _sentWatermark = new long[lanes];
        Array.Fill(_sentWatermark, SourcePartition.NoTime);
        var input = new ActionBlock<RecordBatch>(Links.Guard<RecordBatch>("partition", Partition), Links.Bounded(options.BlockCapacity));
        input.Ends(_letters);
        Input = input;
    }

    /// <summary>Takes parsed batches.</summary>
    public ActionBlock<RecordBatch> Input { get; }

    /// <summary>What is hot; none where nothing is salted.</summary>
    public IReadOnlyList<HotKeyReading> HotKeys => _partitioner.Hot?.Reading ?? [];

    /// <summary>Keys that turned hot so far.</summary>
    public long TurnedHot => _partitioner.Hot?.TurnedHot ?? 0;

    /// <summary>Rejected and late records.</summary>
    public BufferBlock<DeadLetterBatch> Letters => _letters;

    /// <summary>Where a lane gives its batches back.</summary>
    public BatchPool<LaneBatch> LaneBatches => _pool;

    /// <summary>What the stage was at the last barrier.</summary>
    public PartitionCut? Cut { get; private set; }

    /// <summary>How the stage spends its time.</summary>
    public StageClock Time => _time;

    /// <summary>Says where it sends to; before the first batch.</summary>
    /// <param name="lanes">The lanes.</param>
    /// <param name="salts">Their salts, lane after lane; none where nothing is salted.</param>
    public void Feed(IEnumerable<Inlet<LaneBatch>> lanes, IEnumerable<Inlet<LaneBatch>> salts)
    {
        _lanes = [.. lanes];
        _salts?.Feed([.. salts]);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Partition(RecordBatch batch)
    {
        if (batch.Barrier is not null)
        {
            await PassBarrier(batch.Barrier).ConfigureAwait(false);
            batch.Release();
            return;
        }
        _time.Begin();
        int records = batch.RecordCount;
        for (int lane = 0; lane < _filling.Length; lane++) _filling[lane] ??= _pool.Rent();
        _partitioner.Process(batch, _filling, _keepLetters ? _letterBatch : null, _salts?.Fill());
        batch.Release();
        _time.End(records);
        if (_salts is not null) await SendSalts().ConfigureAwait(false);
        for (int lane = 0; lane < _filling.Length; lane++)
        {
            LaneBatch filled = _filling[lane];
            if (filled.Count == 0 && filled.Watermark == _sentWatermark[lane]) continue;
            _sentWatermark[lane] = filled.Watermark;
            _filling[lane] = null!;
            if (_salts is not null) filled.Turn = _salts.TurnOf(lane);
            await _time.Waiting(_lanes[lane].Deliver(filled)).ConfigureAwait(false);
        }
        if (_letterBatch.Letters.Count > 0) await SendLetters().ConfigureAwait(false);
    }

    private async Task SendSalts()
    {
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            if (!_salts!.Begins(lane)) continue;
            for (int salt = 0; salt < _salts.PerLane; salt++) await _time.Waiting(_salts.Send(lane, salt)).ConfigureAwait(false);
        }
        _salts!.Forget(_partitioner.Tracker.Watermark);
    }

    private async Task SendLetters()
    {
        DeadLetterBatch full = _letterBatch;
        _letterBatch = new DeadLetterBatch();
        await _time.Waiting(_letters.Deliver(full)).ConfigureAwait(false);
    }

    private async Task PassBarrier(CheckpointBarrier barrier)
    {
        Cut = _partitioner.Save();
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            LaneBatch carrier = _pool.Rent();
            carrier.Barrier = barrier;
            if (_salts is not null)
            {
                _salts.BeginBarrier(lane);
                for (int salt = 0; salt < _salts.PerLane; salt++) await _time.Waiting(_salts.SendBarrier(lane, salt, barrier)).ConfigureAwait(false);
                carrier.Turn = _salts.TurnOf(lane);
            }
            await _time.Waiting(_lanes[lane].Deliver(carrier)).ConfigureAwait(false);
        }
    }
}
