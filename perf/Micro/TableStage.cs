using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>The window table over FASTER, in memory: windows opened and forgotten, actions counted, windows read.</summary>
public class TableStage : IDisposable
{
    private const long WindowMs = 2_000;
    private const int Held = 64;
    private readonly ActionCell[] _cells = new ActionCell[1];
    private StageFolder _folder = null!;
    private IWindowTable _opened = null!;
    private IWindowTable _held = null!;
    private KeyHash[][] _keys = null!;
    private long _time = StageRecords.T0;
    private int _round;

    [GlobalSetup]
    public void Begin()
    {
        _folder = new StageFolder();
        _opened = StageRecords.Table(_folder["opened"], TimeSpan.FromMilliseconds(WindowMs));
        _held = StageRecords.Table(_folder["held"], TimeSpan.FromDays(1));
        _keys = [.. StageRecords.Batches(Held).Select(static batch => batch.Events.AsSpan(0, batch.EventCount).ToArray().Select(static parsed => parsed.Key).ToArray())];
        foreach (KeyHash[] keys in _keys) Apply(_held, keys, -1, StageRecords.T0);
        // The log goes round its pages before anything is measured.
        for (int round = 0; round < 2_000; round++) Open();
        if (Read() != StageRecords.Count) throw new InvalidOperationException("A window that was opened is not there.");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _opened.Dispose();
        _held.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One exposure each, of a key whose last window is long over; dead ones are let go.</summary>
    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public long Open()
    {
        _time += StageRecords.BatchMs;
        Apply(_opened, Next(), -1, _time);
        _opened.Advance(_time);
        return _time;
    }

    /// <summary>One click each, on one of 120,000 open windows.</summary>
    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public long Count() => Apply(_held, Next(), 0, StageRecords.T0 + 1);

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public int Read()
    {
        int found = 0;
        _held.Enter();
        foreach (KeyHash key in Next())
            if (_held.TryRead(key, out _, _cells)) found++;
        _held.Leave();
        return found;
    }

    private KeyHash[] Next() => _keys[_round++ % _keys.Length];

    private static long Apply(IWindowTable table, KeyHash[] keys, int action, long time)
    {
        long last = 0;
        table.Enter();
        foreach (KeyHash key in keys) last = table.Apply(new WindowEvent { Key = key, Time = time, Action = action }).Ordinal;
        table.Leave();
        return last;
    }
}
