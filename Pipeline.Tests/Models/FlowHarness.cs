using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Tests.Fakes;
using Pipeline.Topology;

namespace Pipeline.Tests.Models;

/// <summary>How a history is fed: everything that must not change a sample.</summary>
internal sealed record Feeding(int Lanes, int BatchRecords, int Interleaving, bool Faster)
{
    /// <summary>How lanes are lost and restored meanwhile; null for never.</summary>
    public Restarts? Restarts { get; init; }
}

/// <summary>The engine without blocks or threads: parse, partition, join and format in one call after another, batch by batch.</summary>
internal sealed partial class FlowHarness : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly JobOptions _job;
    private readonly PartitionDirectory _directory = new();
    private readonly RecordBatchPool _pool = new();
    private readonly RecordParser _parser;
    private readonly Partitioner _partitioner;
    private readonly LaneBatch[] _batches;
    private readonly LaneJoin[] _lanes;
    private readonly ISampleFormatter _formatter;
    private readonly SampleBatch _samples;
    private readonly DeadLetterBatch _letters = new();
    private readonly DeadLetterBatch _lateLetters = new();
    private readonly bool _faster;
    private FormatResult _result;

    public FlowHarness(JobOptions job, int lanes, bool faster)
    {
        _job = job;
        _faster = faster;
        int actions = job.Streams.Count - 1;
        _parser = new RecordParser(job.Streams, new ParseOptions { MaxRecordBytes = job.MaxRecordBytes, MaxFuture = job.Time.MaxFuture, Mode = job.Time.Mode });
        _partitioner = new Partitioner(
            new LaneMap(lanes),
            new WatermarkTracker(_directory, job.Time, [.. job.Streams.Select(stream => stream.StreamIdleTimeout)]),
            [.. job.Streams.Select(stream => stream.Filters.Count)],
            keepLetters: true);
        _batches = [.. Enumerable.Range(0, lanes).Select(_ => new LaneBatch())];
        _lanes = [.. Enumerable.Range(0, lanes).Select(lane => new LaneJoin(OptionsOf(lane), Table(lane, restore: false), Reorder(lane), Log(lane)) { Letters = _letters })];
        _formatter = SampleFormatters.Make(new SampleShape(job.Streams, (long)job.Window.Length.TotalMilliseconds, job.Output), _directory);
        _samples = new SampleBatch(actions);
        _result = new FormatResult { JoinedActions = new long[actions], InvalidActions = new long[actions], InvalidByRule = new long[16] };
    }

    public List<(string Key, string Value)> Samples { get; } = [];

    public IReadOnlyList<DeadLetter> Letters => [.. _lateLetters.Letters, .. _letters.Letters];

    public PartitionLedger PartitionLedger => _partitioner.Ledger;

    public IReadOnlyList<LaneJoin> Lanes => _lanes;

    public FormatResult Result => _result;

    public SourcePartition Partition(int number, int[] streams) => _directory.Register("log", number, streams, hasTimestamps: false);

    /// <summary>Feeds records of one partition, with a notice behind them.</summary>
    public void Feed(SourcePartition partition, IEnumerable<byte[]> records, PartitionNotice notice = PartitionNotice.None)
    {
        RecordBatch batch = _pool.Rent();
        batch.Partition = partition;
        batch.Notice = notice;
        foreach (byte[] record in records) batch.Add(record, batch.RecordCount, SourcePartition.NoTime);
        _parser.Parse(batch);
        foreach (LaneBatch lane in _batches) lane.Clear();
        _partitioner.Process(batch, _batches, _lateLetters);
        batch.Release();
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            Join(lane, _batches[lane]);
            if (_restarts is null) _batches[lane].Records?.Release();
        }
        if (_restarts is not null) Restart();
    }

    /// <summary>Feeds per-partition histories to their ends, interleaved as the seed says.</summary>
    public void FeedAll(IReadOnlyList<(SourcePartition Partition, List<byte[]> Records)> histories, Feeding feeding)
    {
        var random = new Random(feeding.Interleaving);
        _restarts = feeding.Restarts;
        foreach ((SourcePartition partition, _) in histories) Feed(partition, [], PartitionNotice.Appeared);
        var next = new int[histories.Count];
        var open = Enumerable.Range(0, histories.Count).ToList();
        while (open.Count > 0)
        {
            int pick = open[random.Next(open.Count)];
            (SourcePartition partition, List<byte[]> records) = histories[pick];
            int take = Math.Min(feeding.BatchRecords, records.Count - next[pick]);
            bool last = next[pick] + take == records.Count && random.Next(3) != 0;
            Feed(partition, records.Skip(next[pick]).Take(take), last ? PartitionNotice.Ended : PartitionNotice.None);
            next[pick] += take;
            if (last) open.Remove(pick);
        }
    }

    public void Dispose()
    {
        foreach (LaneJoin lane in _lanes) lane.Dispose();
        _folder.Dispose();
    }

    private void Join(int lane, LaneBatch batch)
    {
        _lanes[lane].Accept(batch);
        while (_lanes[lane].Advance(_samples)) Format();
        Format();
    }

    private LaneOptions OptionsOf(int lane) =>
        new() { Lane = lane, Window = _job.Window, Ranks = LaneRanks.Of(_job.Streams), KeepLetters = true, BatchWindows = 7 };

    private ReorderBuffer Reorder(int lane) => new(_job.Streams.Count, 4_000, _folder[$"spill-{lane}"], null);

    private WindowLog Log(int lane) => new(_folder[$"log-{lane}"], 0, pageBytes: 1_024);

    private IWindowTable Table(int lane, bool restore)
    {
        int actions = _job.Streams.Count - 1;
        if (!_faster) return new MemoryWindowTable(actions, (long)_job.Window.Length.TotalMilliseconds, _job.Window.Anchor, keepActions: true);
        return WindowTables.Open(new FasterTableOptions
        {
            Directory = _folder[$"table-{lane}"],
            MemoryBytes = 0,
            ActionStreams = actions,
            Window = _job.Window.Length,
            Anchor = _job.Window.Anchor,
            KeepActions = true,
            SegmentBytes = 4 << 10,
            Restore = restore,
        });
    }

    private void Format()
    {
        if (_samples.Count == 0) return;
        var output = new OutputBatch();
        _formatter.Format(_samples, output, ref _result, _letters);
        _samples.Clear();
        for (int i = 0; i < output.Count; i++)
        {
            OutputRecord record = output.Records[i];
            Samples.Add((
                Encoding.UTF8.GetString(output.Bytes, record.KeyStart, record.KeyLength),
                Encoding.UTF8.GetString(output.Bytes, record.ValueStart, record.ValueLength)));
        }
    }
}
