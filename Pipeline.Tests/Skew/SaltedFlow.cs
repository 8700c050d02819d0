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

namespace Pipeline.Tests.Skew;

/// <summary>Some records of one partition, with a notice behind them.</summary>
internal sealed record Step(int Partition, IReadOnlyList<byte[]> Records, PartitionNotice Notice);

/// <summary>What a flow has come to.</summary>
internal sealed record FlowResult(IReadOnlyList<(string Key, string Value)> Samples, IReadOnlyList<string> Letters, IReadOnlyList<string> Ledger, long TurnedHot)
{
    public long Condensed { get; init; }
}

/// <summary>The real topology, with all its blocks and threads, fed from memory; it can be left in the middle and gone on with from a checkpoint.</summary>
internal sealed class SaltedFlow(JobOptions job, IReadOnlyList<Step> steps, int partitions, int lanes, bool keepLetters) : IDisposable
{
    private const long WaitingBytes = 4_000;

    private readonly TempFolder _folder = new();
    private readonly Collected _collected = new();
    private readonly List<string> _letters = [];
    private readonly int _actions = job.Streams.Count - 1;
    private (string Directory, PartitionCut Cut, int Step)? _checkpoint;
    private int _runs;
    private long _turnedHot;
    private long _condensed;

    /// <summary>Runs from the last checkpoint up to a step, taking one before another on the way; what is behind the last checkpoint is lost unless the run is to the end.</summary>
    public async Task RunAsync(SkewOptions skew, int checkpointBefore, int to)
    {
        int run = _runs++;
        var directory = new PartitionDirectory();
        SourcePartition[] all = [.. Enumerable.Range(0, partitions).Select(number => directory.Register("log", number, [.. Enumerable.Range(0, job.Streams.Count)], hasTimestamps: false))];
        var pool = new RecordBatchPool();
        ReorderShare?[] shares = [.. Enumerable.Range(0, lanes).Select(_ => ShareMemory ? new ReorderShare(WaitingBytes, skew.SaltsInUse + 1) : null)];
        LaneJoin[] joins = [.. Enumerable.Range(0, lanes).Select(lane => Lane(lane, shares[lane]))];
        Salt[] salts = [.. Enumerable.Range(0, lanes).SelectMany(lane => Enumerable.Range(0, skew.SaltsInUse).Select(salt => MakeSalt(lane, salt, run, shares[lane])))];
        try
        {
            var source = new StepSource(all, pool, steps, _checkpoint?.Step ?? 0, to);
            Partitioner partitioner = Partitioner(directory, skew);
            var shape = new SampleShape(job.Streams, (long)job.Window.Length.TotalMilliseconds, job.Output, lines: true);
            var topology = new SampleTopology(new TopologyParts
            {
                Parallelism = new ParallelismOptions { Lanes = lanes, BlockCapacity = 2 },
                Clock = TimeProvider.System,
                Directory = directory,
                Records = pool,
                Sources = [source],
                Parser = new RecordParser(job.Streams, new ParseOptions()),
                Partitioner = partitioner,
                Lanes = joins,
                Salts = salts,
                Formatter = () => SampleFormatters.Make(shape, directory),
                ValidationRules = shape.Rules,
                ActionStreams = _actions,
                Sink = _collected,
                DeadLetters = keepLetters ? new CollectedLetters(_letters) : null,
            });
            using var running = new RunningTopology(topology);
            source.Begin(checkpointBefore, () => CheckpointAsync(running, topology, checkpointBefore, run));
            await running.Completion.WaitAsync(TimeSpan.FromSeconds(60));
            await source.Checkpointed;
            _turnedHot += partitioner.Hot?.TurnedHot ?? 0;
            _condensed += topology.SaltTimes.Sum(time => time.Read().Items);
            _collected.EndRun();
            Ledger = [.. Counts(joins, partitioner.Ledger, salts)];
        }
        finally
        {
            foreach (LaneJoin lane in joins) lane.Dispose();
            foreach (Salt salt in salts) salt.Dispose();
        }
    }

    /// <summary>Whether a lane and its salts share their memory, as in a job, or have a little each.</summary>
    public bool ShareMemory { get; init; }

    private string[] Ledger { get; set; } = [];

    public FlowResult Result => new([.. _collected.Samples], [.. _letters.Order(StringComparer.Ordinal)], Ledger, _turnedHot) { Condensed = _condensed };

    public void Dispose() => _folder.Dispose();

    private async Task CheckpointAsync(RunningTopology running, SampleTopology topology, int step, int run)
    {
        string directory = _folder[$"checkpoint-{run}"];
        for (int lane = 0; lane < lanes; lane++) Directory.CreateDirectory(CheckpointBarrier.LaneDirectory(directory, lane));
        Assert.IsNotNull(await running.PassBarrierAsync(directory));
        PartitionCut cut = topology.Partition.Cut!;
        foreach (LaneBlock lane in topology.Lanes) await lane.Cut!;
        _checkpoint = (directory, cut, step);
    }

    private IEnumerable<string> Counts(LaneJoin[] joins, PartitionLedger partition, Salt[] salts)
    {
        for (int stream = 0; stream < job.Streams.Count; stream++)
        {
            int rank = LaneRanks.Of(job.Streams)[stream];
            yield return $"stream {stream}: records {partition.Records[stream]} events {partition.Events[stream]} late {partition.Late[stream]} "
                + $"received {joins.Sum(lane => lane.Ledger.Received[rank])} duplicate {joins.Sum(lane => lane.Ledger.Duplicate[rank])} orphaned {joins.Sum(lane => lane.Ledger.Orphaned[rank])} "
                + $"emitted {joins.Sum(lane => lane.Ledger.Emitted[rank])} in windows {joins.Sum(lane => lane.Ledger.InWindows[rank])} "
                + $"waiting {joins.Sum(lane => lane.Reorder.Waiting[rank]) + salts.Sum(salt => salt.Reorder.Waiting[rank])}";
        }
        yield return $"windows {joins.Sum(lane => lane.Ledger.WindowsOpened)} {joins.Sum(lane => lane.Ledger.WindowsClosed)}";
    }

    private Partitioner Partitioner(PartitionDirectory directory, SkewOptions skew)
    {
        var map = new LaneMap(lanes);
        var partitioner = new Partitioner(
            map,
            new WatermarkTracker(directory, job.Time, [.. job.Streams.Select(stream => stream.StreamIdleTimeout)]),
            [.. job.Streams.Select(stream => stream.Filters.Count)],
            keepLetters);
        if (_checkpoint is { } checkpoint) partitioner.Restore(checkpoint.Cut, [], SourcePartition.NoTime, 0);
        else partitioner.Begin(directory.All, 0);
        if (skew.SaltsInUse > 0) partitioner.Salt(new HotKeys(skew, map), new SaltRule(job.Streams, skew.Salts));
        return partitioner;
    }

    private LaneJoin Lane(int lane, ReorderShare? share)
    {
        var options = new LaneOptions { Lane = lane, Window = job.Window, Ranks = LaneRanks.Of(job.Streams), KeepLetters = keepLetters, BatchWindows = 7 };
        var table = new MemoryWindowTable(_actions, (long)job.Window.Length.TotalMilliseconds, job.Window.Anchor, keepActions: keepLetters);
        var reorder = new ReorderBuffer(job.Streams.Count, WaitingBytes, _folder[$"spill-{lane}"], null);
        var log = new WindowLog(_folder[$"log-{lane}"], 0, pageBytes: 1_024);
        LaneJoin join = _checkpoint is { } checkpoint
            ? LaneJoin.Restore(CheckpointBarrier.LaneDirectory(checkpoint.Directory, lane), options, table, reorder, log)
            : new LaneJoin(options, table, reorder, log);
        join.Share = share;
        return join;
    }

    private Salt MakeSalt(int lane, int salt, int run, ReorderShare? share) => new(
        new SaltOptions { Lane = lane, Salt = salt, Ranks = LaneRanks.Of(job.Streams), KeepLetters = keepLetters, BatchBytes = 300 },
        new ReorderBuffer(job.Streams.Count, 2_000, _folder[$"salt-{run}-{lane}-{salt}"], null))
    {
        Share = share,
    };

    private sealed class StepSource(SourcePartition[] partitions, RecordBatchPool pool, IReadOnlyList<Step> steps, int from, int to) : ISource
    {
        private readonly TaskCompletionSource<(int At, Func<Task> Barrier)> _begin = new();

        public void Begin(int at, Func<Task> barrier) => _begin.SetResult((at, barrier));

        public Task Checkpointed { get; private set; } = Task.CompletedTask;

        public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

        public async Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop)
        {
            (int at, Func<Task> barrier) = await _begin.Task;
            // A source that goes on says once more of partitions that they are at their ends.
            foreach (Step ended in steps.Take(from).Where(static step => step.Notice == PartitionNotice.Ended)) await SendAsync(intake, ended with { Records = [] }, from);
            for (int step = from; step < to; step++)
            {
                // Its barrier is in the intake when the call returns: the rest of it waits beside the flow.
                if (step == at) Checkpointed = barrier();
                await SendAsync(intake, steps[step], step);
            }
            await Checkpointed;
        }

        private async Task SendAsync(ITargetBlock<RecordBatch> intake, Step step, int number)
        {
            RecordBatch batch = pool.Rent();
            batch.Partition = partitions[step.Partition];
            batch.PositionAfter = number + 1;
            batch.Notice = step.Notice;
            foreach (byte[] record in step.Records) batch.Add(record, number, SourcePartition.NoTime);
            await intake.SendAsync(batch, CancellationToken.None);
        }
    }

    private sealed class Collected : ISampleSink
    {
        private readonly List<(string Key, string Value)> _run = [];

        public HashSet<(string Key, string Value)> Samples { get; } = [];

        public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

        public ValueTask WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            foreach (ref readonly OutputRecord record in batch.Records.AsSpan(0, batch.Count))
            {
                _run.Add((
                    Encoding.UTF8.GetString(batch.Bytes, record.KeyStart, record.KeyLength),
                    Encoding.UTF8.GetString(batch.Bytes, record.ValueStart, record.ValueLength)));
            }
            batch.Release();
            return ValueTask.CompletedTask;
        }

        /// <summary>A replay makes the same samples again, byte for byte, but no run makes one twice.</summary>
        public void EndRun()
        {
            if (_run.Distinct().Count() != _run.Count) throw new InvalidOperationException("a sample was emitted twice");
            Samples.UnionWith(_run);
            _run.Clear();
        }

        public Task FlushAsync(CancellationToken stop) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class CollectedLetters(List<string> letters) : IDeadLetterSink
    {
        public Task OpenAsync(CancellationToken stop) => Task.CompletedTask;

        public ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop)
        {
            foreach (DeadLetter letter in batch.Letters)
                letters.Add($"{letter.Reason} {letter.Stream} {Encoding.UTF8.GetString(batch.Bytes, letter.Start, Math.Max(0, letter.Length))}");
            return ValueTask.CompletedTask;
        }

        public Task FlushAsync(CancellationToken stop) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
