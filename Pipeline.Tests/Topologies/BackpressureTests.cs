using System.Diagnostics;
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
using Pipeline.Blocks.Telemetry;
using Pipeline.Configuration;
using Pipeline.Tests.Fakes;
using Pipeline.Topology;

namespace Pipeline.Tests.Topologies;

/// <summary>A slow sink slows the sources and grows nothing; a fault stops everything with its first cause.</summary>
[TestClass]
public sealed class BackpressureTests
{
    private const int BatchRecords = 100;
    private const int Batches = 600;

    [TestMethod]
    public async Task SinkThatStandsStill_StopsTheSource_AndNothingIsLost()
    {
        using var rig = new Rig();
        using var running = new RunningTopology(new SampleTopology(rig.Parts));

        await Eventually.Holds(() => rig.Source.IsBlocked, "the source waits for room");
        int readWhileStill = rig.Source.Sent;
        rig.Sink.Allow(3);
        await Eventually.Holds(() => rig.Sink.Written >= 3 && rig.Source.IsBlocked, "three batches are written and the source waits again");
        int readAfterThree = rig.Source.Sent;
        rig.Sink.Allow(int.MaxValue / 2);
        await running.Completion;

        // Each of the queues between source and sink holds at most its capacity of batches; what is in them is all that may be in flight.
        Assert.IsLessThan(60, readWhileStill);
        Assert.IsLessThan(readWhileStill + 30, readAfterThree);
        Assert.AreEqual(Batches, rig.Source.Sent);
        Assert.AreEqual(Batches * BatchRecords, rig.Sink.Samples);
    }

    [TestMethod]
    public async Task StandingSink_IsBusy_AndEveryBlockBeforeItIsBackPressured()
    {
        using var rig = new Rig();
        var topology = new SampleTopology(rig.Parts);
        using var running = new RunningTopology(topology);
        long moved = 0, at = 0;
        await Eventually.Holds(() =>
        {
            topology.Views.Look();
            long now = rig.Source.Sent + topology.Views.All.Sum(static block => block.Time.Read().Batches + block.Queued());
            if (now != moved) (moved, at) = (now, Stopwatch.GetTimestamp());
            // A machine that is short of time stands too, before the flow has come to the sink.
            bool isFull = topology.Parse.Block.OutputCount > 0 && topology.Partition.Input.InputCount > 0 && topology.Format.Block.OutputCount > 0;
            return isFull && rig.Source.IsBlocked && Stopwatch.GetElapsedTime(at) > TimeSpan.FromMilliseconds(300);
        }, "everything stands");
        topology.Views.Look();
        Dictionary<BlockView, StageTimes> before = topology.Views.All.ToDictionary(block => block, block => block.Time.Read());

        await Eventually.Holds(() => LookAndRead().Wall > 0.5, "half a second passes");

        StageTimes LookAndRead()
        {
            topology.Views.Look();
            return topology.Views.All[0].Time.Read().Since(before[topology.Views.All[0]]);
        }

        foreach ((BlockView block, StageTimes then) in before)
        {
            StageTimes times = block.Time.Read().Since(then);
            Assert.AreEqual(times.Wall * times.Workers, times.Busy + times.BackPressured + times.Idle, 0.02 * times.Wall * times.Workers, block.FullName);
            if (block.Name == "sink") Assert.AreEqual(1, times.BusyShare, 0.02);
            else if (block.Name == "dead-letters") Assert.AreEqual(1, times.IdleShare, 0.02);
            // Partition stands before one lane; another may have handed on what it had, and is brought nothing.
            else if (block.Name == "join") Assert.AreEqual(0, times.BusyShare, 0.02, block.FullName);
            else Assert.IsGreaterThan(0.9, times.BackPressuredShare, $"{block.FullName}: {times}");
        }
        Assert.IsTrue(before.Any(static block => block.Key.Name == "join" && block.Key.Time.Read().Since(block.Value).BackPressuredShare > 0.9), "no lane stands");
        rig.Sink.Allow(int.MaxValue / 2);
        await running.Completion;
    }

    [TestMethod]
    public async Task SinkThatFails_StopsEverything_WithItsOwnCause()
    {
        using var rig = new Rig();
        rig.Sink.Failure = new IOException("the disk is gone");
        rig.Sink.Allow(5);
        using var running = new RunningTopology(new SampleTopology(rig.Parts));

        IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion);

        Assert.AreEqual("the disk is gone", cause.Message);
    }

    /// <summary>Senders notice the end of a block that has failed before it is torn down: what they throw must be its cause.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(8)]
    public async Task FormatterThatFails_StopsEverything_WithItsOwnCause(int workers)
    {
        for (int round = 0; round < 8; round++)
        {
            using var rig = new Rig();
            rig.Sink.Allow(int.MaxValue / 2);
            TopologyParts parts = rig.Parts with { Formatter = static () => new FailingFormatter(), Parallelism = rig.Parts.Parallelism with { Format = workers, BlockCapacity = 2 } };
            using var running = new RunningTopology(new SampleTopology(parts));

            IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion.WaitAsync(TimeSpan.FromSeconds(60)));

            Assert.AreEqual("cannot be formatted", cause.Message);
        }
    }

    [TestMethod]
    public async Task CancellationInsideAStage_IsAFault_NotALostBatch()
    {
        using var rig = new Rig();
        rig.Sink.Failure = new OperationCanceledException("a timeout of something inside the sink");
        rig.Sink.Allow(1);
        using var running = new RunningTopology(new SampleTopology(rig.Parts));

        StageFaultException cause = await Assert.ThrowsExactlyAsync<StageFaultException>(() => running.Completion);

        Assert.IsInstanceOfType<OperationCanceledException>(cause.InnerException);
    }

    /// <summary>Letters that fill every queue towards a stuck sink, which then fails: whoever waits for room is let go, and the cause comes out.</summary>
    [TestMethod]
    public async Task StuckDeadLetterSinkThatFails_StopsEverything_AlsoWhoWaitsForRoom()
    {
        using var rig = new Rig(lateHalf: true);
        rig.Sink.Allow(int.MaxValue / 2);
        using var running = new RunningTopology(new SampleTopology(rig.Parts));
        await Eventually.Holds(() => rig.Source.IsBlocked, "letters have filled the queues up to the source");
        Task<CheckpointBarrier?> barrier = running.PassBarrierAsync();

        rig.Letters.Fail(new IOException("no room for letters"));

        IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.AreEqual("no room for letters", cause.Message);
        Assert.IsNull(await barrier.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.IsTrue(running.StoodStill);
    }

    [TestMethod]
    public async Task Barrier_PassesBehindEverythingBeforeIt()
    {
        using var rig = new Rig();
        rig.Sink.Allow(int.MaxValue / 2);
        var topology = new SampleTopology(rig.Parts);
        using var running = new RunningTopology(topology);
        await Eventually.Holds(() => rig.Source.Sent > 20, "the flow is under way");

        CheckpointBarrier? barrier = await running.PassBarrierAsync();

        Assert.IsNotNull(barrier);
        Assert.AreEqual(1, rig.Sink.Flushes);
        Assert.IsGreaterThanOrEqualTo(20 * BatchRecords, topology.Partition.Cut!.Tracker.Partitions[0].Position);
        await running.Completion;
    }

    /// <summary>One partition of exposures, each of a key of its own, a second of event time a batch: windows of a second close all the time.</summary>
    private sealed class EndlessSource(PartitionDirectory directory, RecordBatchPool pool, bool lateHalf) : ISource
    {
        public int Sent { get; private set; }

        public bool IsBlocked { get; private set; }

        public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

        public async Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop)
        {
            SourcePartition partition = directory.Register("memory", 0, [0], hasTimestamps: false);
            for (int batch = 0; batch < Batches && !stop.IsCancellationRequested; batch++)
            {
                RecordBatch records = pool.Rent();
                records.Partition = partition;
                records.PositionAfter = (batch + 1) * BatchRecords;
                for (int i = 0; i < BatchRecords; i++)
                    records.Add(Encoding.UTF8.GetBytes($"{{\"k\":\"{batch}-{i}\",\"ts\":{TimeOf(batch, i)}}}"), i, SourcePartition.NoTime);
                if (batch == Batches - 1) records.Notice = PartitionNotice.Ended;
                Task<bool> send = intake.SendAsync(records, CancellationToken.None);
                IsBlocked = !send.IsCompleted;
                if (!await send) return;
                IsBlocked = false;
                Sent++;
            }
        }

        private long TimeOf(int batch, int i) => lateHalf && i % 2 == 1 ? 1_000_000_000_000 : 1_700_000_000_000 + (batch * 1_000) + i;
    }

    private sealed class FailingFormatter : ISampleFormatter
    {
        public void Format(SampleBatch batch, OutputBatch output, ref FormatResult result, DeadLetterBatch? letters) => throw new IOException("cannot be formatted");
    }

    private sealed class GatedSink : ISampleSink
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

    private sealed class StuckLetters : IDeadLetterSink
    {
        private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fail(Exception cause) => _stuck.SetException(cause);

        public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

        public async ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop) => await _stuck.Task;

        public Task FlushAsync(CancellationToken stop) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Rig : IDisposable
    {
        private readonly TempFolder _folder = new();

        public Rig(bool lateHalf = false)
        {
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
            new MemoryWindowTable(0, 1_000, WindowAnchor.Exposure, keepActions: false),
            new ReorderBuffer(1, 1 << 20, _folder[$"spill-{lane}"], null),
            new WindowLog(_folder[$"log-{lane}"], 1 << 20));
    }
}
