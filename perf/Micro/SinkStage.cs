using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Perf.Micro;

/// <summary>The file sink: batches of samples into a lane's file, as far as the system's memory. Commits and writing back are the disk's thread's.</summary>
public class SinkStage : IDisposable
{
    /// <summary>Samples that a lane gathers while it has more input.</summary>
    private const int Gathered = 1024;

    /// <summary>Samples of a batch that is too small for a write of its own.</summary>
    private const int Few = 128;

    /// <summary>Bytes at which the file is cut.</summary>
    private const long MostBytes = 64 << 20;

    private StageFolder _folder = null!;
    private SinkFile _file = null!;
    private OutputBatch[] _large = [];
    private OutputBatch[] _small = [];

    [GlobalSetup]
    public void Begin()
    {
        _folder = new StageFolder();
        _file = new SinkFile(_folder["samples-0.jsonl"], FileStore.Real, new StorageRetry(new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1 }));
        RecordBatch records = StageRecords.Lines(exposures: true);
        (_large, _small) = (Batches(records, Gathered), Batches(records, Few));
        if (Direct() != _large.Sum(static batch => batch.BytesUsed)) throw new InvalidOperationException("Not all samples are written.");
        // The file's buffer takes its size.
        for (int round = 0; round < 8; round++) Buffered();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Written from where they are.</summary>
    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public long Direct() => Append(_large);

    /// <summary>Through the file's buffer.</summary>
    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public long Buffered() => Append(_small);

    private long Append(OutputBatch[] batches)
    {
        foreach (OutputBatch batch in batches) _file.AppendAsync(batch, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        long written = _file.Written;
        if (written >= MostBytes) Cut();
        return written;
    }

    private void Cut()
    {
        _file.WriteAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _file.Truncate(0);
    }

    /// <summary>Records as samples: lines, one behind the other.</summary>
    private static OutputBatch[] Batches(RecordBatch records, int samples)
    {
        var batches = new OutputBatch[records.RecordCount / samples];
        for (int i = 0; i < records.RecordCount; i++)
        {
            OutputBatch batch = batches[i / samples] ??= new OutputBatch();
            ref readonly RawRecord record = ref records.Records[i];
            Span<byte> room = batch.Room(record.Length + 1);
            records.Bytes.AsSpan(record.Start, record.Length).CopyTo(room);
            room[record.Length] = (byte)'\n';
            batch.Add(new OutputRecord(batch.BytesUsed, 0, batch.BytesUsed, record.Length));
            batch.BytesUsed += record.Length + 1;
        }
        return batches;
    }
}
