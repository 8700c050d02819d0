using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>The reorder buffer: events in, and out again in the total order.</summary>
public class ReorderStage : IDisposable
{
    private StageFolder _folder = null!;
    private ReorderBuffer _buffer = null!;
    private RecordBatch _batch = null!;

    [GlobalSetup]
    public void Begin()
    {
        _folder = new StageFolder();
        _buffer = new ReorderBuffer(2, 64 << 20, _folder["reorder"], null);
        _batch = StageRecords.Events(1);
        if (AddAndDrain() != StageRecords.Count) throw new InvalidOperationException("Not all events came out.");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _buffer.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public int AddAndDrain()
    {
        for (int i = 0; i < _batch.EventCount; i++) _buffer.Add(in _batch.Events[i], 0, _batch);
        int drained = 0;
        while (_buffer.TryOpenRun(long.MaxValue))
            while (_buffer.TryNext(out ReorderEntry entry, out _))
            {
                _buffer.Read(in entry, out _, out _, out _);
                _buffer.Step();
                drained++;
            }
        return drained;
    }
}
