using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Joining;

/// <summary>One lane as a block: its join, single-threaded, with back-pressure also while many windows close at once.</summary>
/// <remarks>Ordering: samples leave in the lane's order of emission; a barrier leaves behind everything it found emitted.</remarks>
public sealed class LaneBlock
{
    /// <summary>While more input waits, closed windows are gathered up to this many before they are handed on.</summary>
    private const int GatherWindows = 1024;

    private readonly LaneJoin _join;
    private readonly int _lane;
    private readonly BatchPool<LaneBatch> _inputs;
    private readonly BatchPool<SampleBatch> _outputs;
    private readonly BufferBlock<DeadLetterBatch> _letters;
    private readonly StageClock _time;
    private readonly StageClock _snapshotTime;
    private readonly LaneTimes _times;
    private readonly LaneInputs? _aligned;
    private readonly BatchPool<SaltBatch>? _salted;
    private Inlet<SampleBatch> _format = null!;
    private SampleBatch _output;
    private FloorHistory _floors = FloorHistory.Empty;
    private long _passed;
    private StrongBox<LaneFloor>? _keepFrom;

    /// <summary>A block over a lane's join.</summary>
    public LaneBlock(
        int lane, LaneJoin join, bool keepLetters, BatchPool<LaneBatch> inputs, BatchPool<SampleBatch> outputs, ParallelismOptions options, TimeProvider clock,
        int salts = 0, BatchPool<SaltBatch>? salted = null)
    {
        if (salts > 0) _aligned = new LaneInputs(salts);
        _salted = salted;
        _lane = lane;
        _join = join;
        _inputs = inputs;
        _outputs = outputs;
        _time = new StageClock("join", clock);
        _snapshotTime = new StageClock("snapshot", clock);
        _times = new LaneTimes(clock);
        _output = Rent();
        if (keepLetters) _join.Letters = new DeadLetterBatch();
        _letters = new BufferBlock<DeadLetterBatch>(new DataflowBlockOptions { BoundedCapacity = options.BlockCapacity });
        Input = new ActionBlock<LaneBatch>(Links.Guard<LaneBatch>("join", Join), Links.Bounded(options.SentCapacity));
        Inlet = new Inlet<LaneBatch>(Input, () => Input.InputCount, options.SentCapacity);
        Input.Ends(_letters);
    }

    /// <summary>Takes the lane's events.</summary>
    public ActionBlock<LaneBatch> Input { get; }

    /// <summary>The way into it.</summary>
    public Inlet<LaneBatch> Inlet { get; }

    /// <summary>Orphaned actions.</summary>
    public BufferBlock<DeadLetterBatch> Letters => _letters;

    /// <summary>The join, for its numbers.</summary>
    public LaneJoin State => _join;

    /// <summary>The snapshot of the last barrier that asked for one: in work, or written.</summary>
    public Task<LaneSnapshot>? Cut { get; private set; }

    /// <summary>Events in the lane's state at the last barrier that asked for a snapshot.</summary>
    public long OpenAtCut { get; private set; }

    /// <summary>Time of the lane's thread that snapshots took.</summary>
    public StageClock SnapshotTime => _snapshotTime;

    /// <summary>Lets go of the files that only older checkpoints needed, at the next barrier.</summary>
    public void KeepFrom(LaneFloor floor) => Volatile.Write(ref _keepFrom, new StrongBox<LaneFloor>(floor));

    /// <summary>How the lane spends its time.</summary>
    public StageClock Time => _time;

    /// <summary>Says where closed windows go; before the first batch.</summary>
    public void Feed(Inlet<SampleBatch> format) => _format = format;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Join(LaneBatch batch)
    {
        Inlet.Took();
        if (_aligned is null)
        {
            CheckpointBarrier? barrier = batch.Barrier;
            await Join(batch, batch.Watermark).ConfigureAwait(false);
            if (barrier is not null) await PassBarrier(barrier, []).ConfigureAwait(false);
            return;
        }
        _aligned.Take(batch);
        while (_aligned.TryNext(out LaneBatch next))
        {
            _aligned.Note(next);
            await Join(next, _aligned.Watermark).ConfigureAwait(false);
            if (_aligned.TryPass(out CheckpointBarrier barrier, out IReadOnlyList<ReorderSnapshot> waiting)) await PassBarrier(barrier, waiting).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Join(LaneBatch batch, long watermark)
    {
        bool brings = batch.Barrier is not null;
        // Barriers come before the sources are opened, whose threads should not be lowered with it.
        if (batch.Count > 0) ComputeThreads.GiveWay();
        _time.Begin();
        int events = Take(batch);
        _join.Reach(watermark);
        while (_join.Advance(_output))
        {
            _time.End(events);
            if (_output.Count > 0) await SendSamples().ConfigureAwait(false);
            if (_join.Letters?.Letters.Count > 0) await SendLetters().ConfigureAwait(false);
            _time.Begin();
            events = 0;
        }
        _times.Joined(_join.Watermark);
        _time.End(events);
        if (_output.Count >= GatherWindows || (_output.Count > 0 && (Input.InputCount == 0 || brings))) await SendSamples().ConfigureAwait(false);
        if (_join.Letters?.Letters.Count > 0) await SendLetters().ConfigureAwait(false);
    }

    /// <summary>Takes a batch's events and gives it back; returns how many.</summary>
    private int Take(LaneBatch batch)
    {
        _join.Take(batch);
        if (batch is SaltBatch salted)
        {
            int entries = salted.EntryCount;
            if (salted.Arrived.Time != SourcePartition.NoTime) _times.Arrived(salted.Arrived.Time, salted.Arrived.At);
            salted.Clear();
            _salted!.Return(salted);
            return entries;
        }
        int events = batch.Count;
        if (batch.Barrier is null) _floors = batch.Floors;
        if (batch.Records is { } records)
        {
            _times.Arrived(records.Events[batch.Events[events - 1]].Time, records.At);
            records.Release();
        }
        batch.Clear();
        _inputs.Return(batch);
        return events;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendSamples()
    {
        SampleBatch full = _output;
        full.Watermark = _join.Watermark;
        full.Floors = _floors;
        full.Behind = _passed;
        full.Times = _times.Close(full.Windows[full.Count / 2].Start);
        _output = Rent();
        await _time.Waiting(_format.Deliver(full)).ConfigureAwait(false);
    }

    private async Task SendLetters()
    {
        DeadLetterBatch full = _join.Letters!;
        _join.Letters = new DeadLetterBatch();
        await _time.Waiting(_letters.Deliver(full)).ConfigureAwait(false);
    }

    private async Task PassBarrier(CheckpointBarrier barrier, IReadOnlyList<ReorderSnapshot> salted)
    {
        // What came before the last input's barrier was gathered meanwhile.
        if (_output.Count > 0) await SendSamples().ConfigureAwait(false);
        if (barrier.Directory is { } directory) TakeSnapshot(CheckpointBarrier.LaneDirectory(directory, _lane), salted);
        _passed = barrier.Id;
        SampleBatch carrier = Rent();
        carrier.Barrier = barrier;
        await _time.Waiting(_format.Deliver(carrier)).ConfigureAwait(false);
    }

    private void TakeSnapshot(string directory, IReadOnlyList<ReorderSnapshot> salted)
    {
        _snapshotTime.Begin();
        if (Interlocked.Exchange(ref _keepFrom, null) is { } floor) _join.KeepFrom(floor.Value);
        OpenAtCut = _join.Ledger.InWindows.Sum() + Sum(_join.Reorder.Waiting);
        foreach (ReorderSnapshot salt in salted) OpenAtCut += Sum(salt.Waiting);
        PendingSnapshot pending = _join.BeginSnapshot(directory, salted);
        Cut = Task.Factory.StartNew(() => Write(pending), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _snapshotTime.End(1);
    }

    private static LaneSnapshot Write(PendingSnapshot pending)
    {
        LaneSnapshot written = pending.Finish();
        CrashPoint.Reach(CrashPoint.InsideCheckpoint);
        return written;
    }

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (long count in counts) sum += count;
        return sum;
    }

    private SampleBatch Rent()
    {
        SampleBatch batch = _outputs.Rent();
        batch.Lane = _lane;
        return batch;
    }
}
