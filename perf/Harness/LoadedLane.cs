using System.Buffers.Text;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Topology;

namespace Pipeline.Perf.Harness;

/// <summary>
/// One lane under a made-up log: exposures of 247 B evenly over 20 minutes, so that as many windows are open at a time as is asked for, and one click for
/// every ten of them, on any open window.
/// </summary>
/// <remarks>Threading: one thread.</remarks>
internal sealed class LoadedLane : IDisposable
{
    public const int BatchEvents = 2_000;

    /// <summary>Names of the two snapshots that are written by turns.</summary>
    public static readonly string[] Snapshots = ["0", "1"];

    private const long WindowMs = 20 * 60_000;
    private const long LatenessMs = 1_000;
    private const long T0 = 1_764_064_800_000;
    private const int KeyBytes = 24;
    private const int IdBytes = 8;
    private static readonly byte[] Payload = new byte[247];

    private readonly string _folder;
    private readonly int _lane;
    private readonly StateBudget _budget;
    private readonly long _windows;
    private readonly Random _random;
    private readonly RecordBatch _records;
    private readonly LaneBatch _batch = new();
    private readonly SampleBatch _output = new(1);
    private long _next;
    private long _openAtSnapshot;

    public LoadedLane(string folder, int lane, StateBudget budget, long windows)
    {
        _folder = Path.Combine(folder, $"{lane}");
        _lane = lane;
        _budget = budget;
        _windows = windows;
        _random = new Random(lane);
        _records = new RecordBatchPool().Rent();
        _records.Partition = new SourcePartition(0, "log", 0, [0, 1], hasTimestamps: false);
        // Beforehand: a lane that is stopped for a snapshot waits for no directory.
        foreach (string name in Snapshots) Directory.CreateDirectory(Path.Combine(_folder, name));
        Join = new LaneJoin(Options, Table(restore: false), Reorder(), Log());
    }

    public LaneJoin Join { get; private set; }

    public long Open => Join.Ledger.WindowsOpened - Join.Ledger.WindowsClosed;

    /// <summary>As <see cref="LaneJoin.BeginSnapshot(string)"/>, by one of <see cref="Snapshots"/>.</summary>
    public PendingSnapshot BeginSnapshot(string name)
    {
        _openAtSnapshot = Open;
        return Join.BeginSnapshot(Path.Combine(_folder, name));
    }

    public void Feed()
    {
        Empty();
        for (int i = 0; i < BatchEvents; i++)
        {
            long exposure = _next;
            if (i % 11 == 10) Add(1, exposure - _random.NextInt64(Math.Min(_windows * 9 / 10, exposure)), exposure, i);
            else Add(0, _next++, exposure, i);
        }
        Accept(TimeOf(_next) - LatenessMs);
    }

    /// <summary>Forgets the lane and brings it back from a snapshot.</summary>
    public void Lose() => Join.Dispose();

    public void Restore(string snapshot)
    {
        Join = LaneJoin.Restore(Path.Combine(_folder, snapshot), Options, Table(restore: true), Reorder(), Log());
        if (Open != _openAtSnapshot) throw new InvalidOperationException($"lane {_lane}: {_openAtSnapshot} windows were open at the last snapshot, {snapshot} is of {Open}.");
    }

    /// <summary>Behind a restore of the last snapshot: has all windows close. Errors: <see cref="InvalidOperationException"/> when not each that was open then gives a sample.</summary>
    public void CloseAll()
    {
        long open = Open, opened = Join.Ledger.WindowsOpened;
        Empty();
        long samples = Accept(TimeOf(_next) + (2 * WindowMs));
        // Events that waited for the watermark opened theirs now.
        opened = Join.Ledger.WindowsOpened - opened;
        if (samples != open + opened) throw new InvalidOperationException($"lane {_lane}: {open} windows were restored and {opened} opened behind it; {samples} gave samples.");
    }

    public void Dispose() => Join.Dispose();

    private LaneOptions Options => new() { Lane = _lane, Window = new WindowOptions { Length = TimeSpan.FromMilliseconds(WindowMs) }, Ranks = [0, 1] };

    private IWindowTable Table(bool restore) => WindowTables.Open(new FasterTableOptions
    {
        Directory = Path.Combine(_folder, "table"),
        MemoryBytes = _budget.Table,
        ActionStreams = 1,
        Window = TimeSpan.FromMilliseconds(WindowMs),
        Restore = restore,
    });

    private ReorderBuffer Reorder() => new(2, _budget.Reorder, Path.Combine(_folder, "reorder"), null);

    private WindowLog Log() => new(Path.Combine(_folder, "window-log"), _budget.WindowLog);

    private void Empty()
    {
        _records.BytesUsed = _records.RecordCount = _records.EventCount = _records.ArenaUsed = 0;
        _batch.Clear();
    }

    /// <summary>Hands the batch over and has all done that the watermark lets; tells how many samples that gave.</summary>
    private long Accept(long watermark)
    {
        _batch.Records = _records;
        _batch.Watermark = watermark;
        Join.Accept(_batch);
        long samples = 0;
        for (bool more = true; more;)
        {
            more = Join.Advance(_output);
            samples += _output.Count;
            _output.Clear();
        }
        return samples;
    }

    private long TimeOf(long exposure) => T0 + (long)(exposure * (double)WindowMs / _windows);

    private void Add(int stream, long key, long at, int number)
    {
        int payloadStart = _records.BytesUsed;
        _records.Add(Payload, number, SourcePartition.NoTime);
        _records.EnsureArena(KeyBytes + KeyEncoding.FieldPrefix + IdBytes);
        int keyStart = _records.ArenaUsed;
        Span<byte> text = stackalloc byte[KeyBytes];
        text.Fill((byte)'0');
        Utf8Formatter.TryFormat(key, text, out _);
        int keyLength = KeyEncoding.Append(_records.Arena.AsSpan(keyStart), text);
        BitConverter.TryWriteBytes(_records.Arena.AsSpan(keyStart + keyLength), (at * 16) + number);
        _records.ArenaUsed += keyLength + IdBytes;
        ref ParsedEvent parsed = ref _records.AddEvent();
        parsed = new ParsedEvent
        {
            Time = TimeOf(at),
            Key = KeyEncoding.Hash(_records.Arena.AsSpan(keyStart, keyLength)),
            KeyStart = keyStart,
            KeyLength = keyLength,
            IdStart = keyStart + keyLength,
            IdLength = IdBytes,
            PayloadStart = payloadStart,
            PayloadLength = Payload.Length,
            Record = _records.RecordCount - 1,
            Stream = (byte)stream,
            Outcome = EventOutcome.Event,
            TimeAccepted = true,
        };
        _batch.Add(_records.EventCount - 1);
    }
}
