using System.Text;
using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Configuration;
using Pipeline.Tests.Fakes;
using Pipeline.Topology;

namespace Pipeline.Tests.Topologies;

/// <summary>A topology of two lanes between a source that never ends by itself for long, and sinks that tests hold and let go.</summary>
internal sealed class BackpressureRig : IDisposable
{
    public const int BatchRecords = 100;
    public const int Batches = 600;

    private readonly TempFolder _folder = new();
    private readonly Func<IWindowTable> _table;

    public BackpressureRig(bool lateHalf = false, Func<IWindowTable>? table = null)
    {
        _table = table ?? (static () => new MemoryWindowTable(0, 1_000, WindowAnchor.Exposure, keepActions: false));
        var directory = new PartitionDirectory();
        var pool = new RecordBatchPool();
        var window = new WindowOptions { Length = TimeSpan.FromSeconds(1) };
        StreamOptions exposure = new()
        {
            Name = "exposure",
            Role = StreamRole.Exposure,
            Source = new FileSourceOptions { Paths = ["memory"] },
            Format = RecordFormat.Json,
            Key = ["k"],
            Time = new EventTimeOptions { Field = "ts" },
        };
        var shape = new SampleShape([exposure], 1_000, new OutputOptions());
        Source = new EndlessSource(directory, pool, lateHalf);
        Parts = new TopologyParts
        {
            Parallelism = new ParallelismOptions { Lanes = 2, BlockCapacity = 2 },
            Clock = TimeProvider.System,
            Directory = directory,
            Records = pool,
            Sources = [Source],
            Parser = new RecordParser([exposure], new ParseOptions()),
            Partitioner = new Partitioner(
                new LaneMap(2), new WatermarkTracker(directory, new TimeOptions { OutOfOrderness = TimeSpan.Zero }, [Timeout.InfiniteTimeSpan]), [0], keepLetters: lateHalf),
            Lanes = [Lane(0, window), Lane(1, window)],
            Formatter = () => SampleFormatters.Make(shape, directory),
            ValidationRules = 0,
            ActionStreams = 0,
            Sink = Sink,
            DeadLetters = lateHalf ? Letters : null,
        };
    }

    public TopologyParts Parts { get; }

    public EndlessSource Source { get; }

    public GatedSink Sink { get; } = new();

    public StuckLetters Letters { get; } = new();

    public void Dispose()
    {
        foreach (LaneJoin lane in Parts.Lanes) lane.Dispose();
        _folder.Dispose();
    }

    private LaneJoin Lane(int lane, WindowOptions window) => new(
        new LaneOptions { Lane = lane, Window = window, Ranks = [0], BatchWindows = 50 },
        _table(),
        new ReorderBuffer(1, 1 << 20, _folder[$"spill-{lane}"], null),
        new WindowLog(_folder[$"log-{lane}"], 1 << 20));
}

/// <summary>One partition of exposures, each of a key of its own, a second of event time a batch: windows of a second close all the time.</summary>
internal sealed class EndlessSource(PartitionDirectory directory, RecordBatchPool pool, bool lateHalf) : ISource
{
    public int Sent { get; private set; }

    public bool IsBlocked { get; private set; }

    public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

    public async Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop)
    {
        SourcePartition partition = directory.Register("memory", 0, [0], hasTimestamps: false);
        for (int batch = 0; batch < BackpressureRig.Batches && !stop.IsCancellationRequested; batch++)
        {
            RecordBatch records = pool.Rent();
            records.Partition = partition;
            records.PositionAfter = (batch + 1) * BackpressureRig.BatchRecords;
            for (int i = 0; i < BackpressureRig.BatchRecords; i++)
                records.Add(Encoding.UTF8.GetBytes($"{{\"k\":\"{batch}-{i}\",\"ts\":{TimeOf(batch, i)}}}"), i, SourcePartition.NoTime);
            if (batch == BackpressureRig.Batches - 1) records.Notice = PartitionNotice.Ended;
            Task<bool> send = intake.SendAsync(records, CancellationToken.None);
            IsBlocked = !send.IsCompleted;
            if (!await send) return;
            IsBlocked = false;
            Sent++;
        }
    }

    private long TimeOf(int batch, int i) => lateHalf && i % 2 == 1 ? 1_000_000_000_000 : 1_700_000_000_000 + (batch * 1_000) + i;
}

internal sealed class FailingFormatter : ISampleFormatter
{
    public void Format(SampleBatch batch, OutputBatch output, ref FormatResult result, DeadLetterBatch? letters) => throw new IOException("cannot be formatted");
}

internal sealed class GatedSink : ISampleSink
{
    private readonly SemaphoreSlim _allowed = new(0);

    public int Written { get; private set; }

    public int Samples { get; private set; }

    public int Flushes { get; private set; }

    public Exception? Failure { get; set; }

    public void Allow(int batches) => _allowed.Release(batches);

    public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

    public async ValueTask WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        await _allowed.WaitAsync(stop);
        if (Failure is not null) throw Failure;
        Written++;
        Samples += batch.Count;
    }

    public Task FlushAsync(CancellationToken stop)
    {
        Flushes++;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _allowed.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal sealed class StuckLetters : IDeadLetterSink
{
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Fail(Exception cause) => _stuck.SetException(cause);

    public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

    public async ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop) => await _stuck.Task;

    public Task FlushAsync(CancellationToken stop) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Holds whoever applies an event until it is told to fail.</summary>
internal sealed class FailingTable : IWindowTable
{
    private readonly ManualResetEventSlim _told = new();
    private Exception? _cause;

    public long MemoryBytes => 0;

    public long DiskBytes => 0;

    public void Fail(Exception cause)
    {
        _cause = cause;
        _told.Set();
    }

    public WindowUpdate Apply(in WindowEvent applied)
    {
        _told.Wait();
        throw _cause!;
    }

    public void Enter()
    {
    }

    public void Leave()
    {
    }

    public bool TryRead(KeyHash key, out WindowState state, Span<ActionCell> cells) => throw new NotSupportedException();

    public void Prefetch(ReadOnlySpan<KeyHash> keys, long time)
    {
    }

    public void Hint(ReadOnlySpan<KeyHash> keys)
    {
    }

    public void HintBehind(ReadOnlySpan<KeyHash> keys)
    {
    }

    public void Advance(long appliedTime)
    {
    }

    public ITableSnapshot BeginSnapshot() => throw new NotSupportedException();

    public void Load(SnapshotReader snapshot) => throw new NotSupportedException();

    public void Recover() => throw new NotSupportedException();

    public void KeepFrom(TableFloor floor)
    {
    }

    public void Dispose() => Fail(_cause ?? new ObjectDisposedException(nameof(FailingTable)));
}
