using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Perf.Micro;

/// <summary>The file source's intake: lines of a file, which the system has in memory, into batches, with position and fingerprint.</summary>
/// <remarks>A file opened again has a new reader, with memory of its own: here one reader goes round a file, of which it sees no more than that it grows.</remarks>
public class IntakeStage : IDisposable
{
    private const int Batches = 40;
    private readonly RecordBatchPool _pool = new();
    private readonly SourcePartition _partition = new(0, "log", 0, [0], hasTimestamps: false);
    private StageFolder _folder = null!;
    private LineFile _lines = null!;
    private FileBytes _bytes = null!;
    private long _length;

    [GlobalSetup]
    public void Begin()
    {
        _folder = new StageFolder();
        string path = _folder["exposure.jsonl"];
        using (FileStream file = File.Create(path))
        {
            for (int seed = 1; seed <= Batches; seed++) Write(file, StageRecords.Lines(exposures: true, (ulong)seed));
            _length = file.Length;
        }
        _lines = new LineFile(path, 0, long.MaxValue, 1 << 20);
        _bytes = BytesOf(_lines);
        // Once round: a batch and what is kept between two have their sizes then.
        for (int batch = 0; batch < Batches; batch++)
            if (Fill() != StageRecords.Count) throw new InvalidOperationException("A batch is not full.");
        if (_lines.Position != _length) throw new InvalidOperationException("The batches are not all of the file.");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _lines.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public int Fill()
    {
        // The last batch of a round ends with the file, so that nothing is kept.
        if (_lines.Position % _length == 0) _bytes.Position = 0;
        RecordBatch batch = _pool.Rent();
        batch.Partition = _partition;
        _lines.Fill(batch, StageRecords.Count);
        batch.PositionAfter = _lines.Position;
        batch.Fingerprint = _lines.Fingerprint;
        int records = batch.RecordCount;
        batch.Release();
        return records;
    }

    private static void Write(FileStream file, RecordBatch batch)
    {
        foreach (ref readonly RawRecord record in batch.Records.AsSpan(0, batch.RecordCount))
        {
            file.Write(batch.Bytes.AsSpan(record.Start, record.Length));
            file.WriteByte((byte)'\n');
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_raw")]
    private static extern ref FileBytes BytesOf(LineFile lines);
}
