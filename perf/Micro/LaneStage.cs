using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>A lane from batches of events to closed windows: reorder buffer, window table, window log, timing wheel. Every tenth event is a click; windows close all along.</summary>
public class LaneStage : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private const long DisorderMs = 500;
    private readonly SampleBatch _output = new(1);
    private readonly LaneBatch _batch = new();
    private StageFolder _folder = null!;
    private LaneJoin _lane = null!;
    private RecordBatch[] _records = null!;
    private long _time = StageRecords.T0;

    [GlobalSetup]
    public void Begin()
    {
        _folder = new StageFolder();
        _lane = new LaneJoin(
            new LaneOptions { Lane = 0, Window = new WindowOptions { Length = Window }, Ranks = [0, 1] },
            StageRecords.Table(_folder["table"], Window),
            new ReorderBuffer(2, 64 << 20, _folder["reorder"], null),
            new WindowLog(_folder["window-log"], 64 << 20));
        _records = StageRecords.Batches(40);
        // Five minutes of event time grow buffers, pools and the slots of the wheel.
        long closed = 0;
        for (int round = 0; round < 3_000; round++) closed += Join();
        if (closed < 1_000 * StageRecords.Count) throw new InvalidOperationException($"Only {closed} windows closed.");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _lane.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public long Join()
    {
        RecordBatch records = _records[_time / StageRecords.BatchMs % _records.Length];
        for (int i = 0; i < records.EventCount; i++)
        {
            records.Events[i].Time = _time + (i * 7 % StageRecords.BatchMs);
            _batch.Add(i);
        }
        _time += StageRecords.BatchMs;
        _batch.Records = records;
        _batch.Watermark = _time - DisorderMs;
        _lane.Accept(_batch);
        _batch.Clear();
        long closed = 0;
        bool more;
        do
        {
            more = _lane.Advance(_output);
            closed += _output.Count;
            _output.Clear();
        }
        while (more);
        return closed;
    }
}
