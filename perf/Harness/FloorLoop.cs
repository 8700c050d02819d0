using System.Diagnostics;
using System.Text.Json;
using FASTER.core;
using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;

namespace Pipeline.Perf.Harness;

/// <summary>
/// The least that any join of these logs over this state must do, in one loop on one thread: read the bytes, find the lines, extract the fields, hash the key; for an
/// exposure put a record into FASTER and read it, and copy key and payload to a file,
/// of which the same 256 MiB are written over and over.
/// </summary>
/// <remarks>
/// Extraction is the program's own parser, for it is needed in either. What is left out: order, watermarks, duplicates, windows and their ends, clicks beyond their extraction,
/// labels and sample ids, batches between threads, checkpoints, commits, durability. The record is read at once, while it is in the processor's cache, which no join can.
/// The store has the table's sizes of a lane that has half of 1 GiB, and sessions of the plain kind.
/// Threading: one thread.
/// </remarks>
internal sealed class FloorLoop : IDisposable
{
    private const int BlockBytes = 256 << 10;
    private const int LongestLine = 64 << 10;
    private const int OutputBytes = 256 << 10;
    private const long TableBytes = 512L << 20;

    // The file's memory is used again: new memory for what is written costs more than the copy, and the program gives it back too.
    private const long FileBytes = 256L << 20;

    private readonly RecordParser _parser;
    private readonly RecordBatch _batch = new RecordBatchPool().Rent();
    private readonly IDevice _device;
    private readonly FasterKV<KeyHash, WindowRecord<ActionCells1>> _store;
    private readonly FasterCompletions<ActionCells1> _completions = new();
    private readonly ClientSession<KeyHash, WindowRecord<ActionCells1>, WindowEvent, WindowUpdate, Empty, FasterWindowFunctions<ActionCells1>> _session;
    private readonly SafeFileHandle _samples;
    private readonly byte[] _output = new byte[OutputBytes + (2 * LongestLine)];
    private int _outputUsed;
    private long _written;
    private long _records;
    private long _exposures;

    public FloorLoop(JobOptions job, string folder)
    {
        _parser = new RecordParser(job.Streams, new ParseOptions());
        FasterTableLayout layout = FasterTableLayout.For(TableBytes);
        _device = Devices.CreateLogDevice(Path.Combine(folder, "floor.log"), deleteOnClose: true);
        var log = new LogSettings
        {
            LogDevice = _device,
            PageSizeBits = (int)Math.Log2(layout.PageBytes),
            MemorySizeBits = layout.RingBits,
        };
        _store = new FasterKV<KeyHash, WindowRecord<ActionCells1>>(
            layout.IndexBytes / 64, log, comparer: new KeyComparer(), concurrencyControlMode: ConcurrencyControlMode.None);
        var functions = new FasterWindowFunctions<ActionCells1>(20 * 60_000, WindowAnchor.Exposure, keepActions: false, _completions);
        _session = _store.For(functions).NewSession<FasterWindowFunctions<ActionCells1>>();
        _samples = File.OpenHandle(Path.Combine(folder, "floor-samples"), FileMode.Create, FileAccess.Write);
    }

    /// <summary>Runs it over files of exposures and of clicks, and gives the figures of a summary as a line of JSON.</summary>
    public string Run(IEnumerable<string> exposures, IEnumerable<string> clicks)
    {
        long began = Stopwatch.GetTimestamp();
        foreach (string path in exposures) Read(path, new SourcePartition(0, "exposure", 0, [0], hasTimestamps: false));
        foreach (string path in clicks) Read(path, new SourcePartition(1, "click", 0, [1], hasTimestamps: false));
        WriteOut();
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        using Process self = Process.GetCurrentProcess();
        return JsonSerializer.Serialize(new
        {
            source_records = _records,
            samples = _exposures,
            unaccounted = 0,
            reading_seconds = seconds,
            cpu_seconds = Environment.CpuUsage.TotalTime.TotalSeconds,
            peak_rss_bytes = self.PeakWorkingSet64,
        });
    }

    public void Dispose()
    {
        _session.Dispose();
        _store.Dispose();
        _device.Dispose();
        _samples.Dispose();
    }

    private void Read(string path, SourcePartition partition)
    {
        using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        _batch.Partition = partition;
        _batch.EnsureBytes(BlockBytes + LongestLine);
        long position = 0;
        int kept = 0;
        while (true)
        {
            int read = RandomAccess.Read(file, _batch.Bytes.AsSpan(kept, BlockBytes), position);
            if (read == 0) break;
            position += read;
            int end = kept + read;
            int start = 0;
            for (int length; (length = _batch.Bytes.AsSpan(start, end - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
                _batch.Add(new RawRecord(start, length, 0, SourcePartition.NoTime));
            TakeBatch(partition.Index == 0);
            kept = end - start;
            _batch.Bytes.AsSpan(start, kept).CopyTo(_batch.Bytes);
        }
        if (kept > 0) throw new InvalidDataException($"{path}: its last line has no end");
    }

    private void TakeBatch(bool exposures)
    {
        _parser.Parse(_batch);
        _records += _batch.RecordCount;
        if (exposures)
            for (int i = 0; i < _batch.EventCount; i++)
                if (_batch.Events[i].Outcome == EventOutcome.Event) TakeExposure(in _batch.Events[i]);
        _batch.RecordCount = _batch.EventCount = _batch.ArenaUsed = 0;
    }

    private void TakeExposure(in ParsedEvent parsed)
    {
        KeyHash key = parsed.Key;
        var record = new WindowRecord<ActionCells1>();
        record.State.Start = parsed.Time;
        record.State.Ordinal = _exposures++;
        record.State.Payload = _written + _outputUsed;
        record.State.Exposures = 1;
        _session.Upsert(ref key, ref record);
        var look = new WindowEvent { Action = FasterWindowFunctions<ActionCells1>.Look };
        WindowUpdate unused = default;
        _completions.WasFound = false;
        _session.Read(ref key, ref look, ref unused);
        if (!_completions.WasFound || _completions.Found.State.Start != parsed.Time) throw new InvalidOperationException("The record just put in is not there.");

        Span<byte> free = _output.AsSpan(_outputUsed);
        _batch.Arena.AsSpan(parsed.KeyStart, parsed.KeyLength).CopyTo(free);
        _batch.Bytes.AsSpan(parsed.PayloadStart, parsed.PayloadLength).CopyTo(free[parsed.KeyLength..]);
        _outputUsed += parsed.KeyLength + parsed.PayloadLength;
        _output[_outputUsed++] = (byte)'\n';
        if (_outputUsed >= OutputBytes) WriteOut();
    }

    private void WriteOut()
    {
        RandomAccess.Write(_samples, _output.AsSpan(0, _outputUsed), _written % FileBytes);
        _written += _outputUsed;
        _outputUsed = 0;
    }

    private sealed class KeyComparer : IFasterEqualityComparer<KeyHash>
    {
        public long GetHashCode64(ref KeyHash k) => (long)k.Hi;

        public bool Equals(ref KeyHash k1, ref KeyHash k2) => k1.Hi == k2.Hi && k1.Lo == k2.Lo;
    }
}
