using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>Partition: lateness, watermark and the deal to four lanes.</summary>
public class PartitionStage
{
    private readonly LaneBatch[] _lanes = [.. Enumerable.Range(0, 4).Select(static _ => new LaneBatch())];
    private Partitioner _partitioner = null!;
    private RecordBatch _batch = null!;

    [GlobalSetup]
    public void Begin()
    {
        var directory = new PartitionDirectory();
        SourcePartition partition = directory.Register("log", 0, [0, 1], hasTimestamps: false);
        var tracker = new WatermarkTracker(directory, new TimeOptions(), [Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan]);
        _partitioner = new Partitioner(new LaneMap(_lanes.Length), tracker, [0, 0], keepLetters: false);
        _batch = StageRecords.Events(1);
        _batch.Partition = partition;
        if (Deal() != StageRecords.Count) throw new InvalidOperationException("Not all events were dealt out.");
    }

    /// <summary>All of it is within the out-of-orderness, so that it stays on time.</summary>
    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public int Deal()
    {
        int dealt = 0;
        _partitioner.Process(_batch, _lanes, null);
        foreach (LaneBatch lane in _lanes)
        {
            dealt += lane.Count;
            lane.Records?.Release();
            lane.Clear();
        }
        return dealt;
    }
}
