using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The join of one lane: order first, then a plain sequential state machine over the ordered events.</summary>
/// <remarks>
/// <para>
/// Every event passes three places. It waits in the <see cref="ReorderBuffer"/> until the watermark is above its time. Then it is applied to its key's window
/// in the <see cref="IWindowTable"/>; what opens a window is also appended to the <see cref="WindowLog"/>, and the <see cref="TimingWheel"/> is set for the
/// window's end. Before an event at <c>t</c> is applied, every window with an end at or before <c>t</c> is fired: its log entry, read in order, becomes a
/// sample. All windows are equally long, so they end in the order they open in, and the log's order is the order of emission: window end, then key hash.
/// </para>
/// <para>
/// A window that nothing but its first exposure touched needs no look into the table when it fires: which windows were touched is one bit each.
/// </para>
/// <para>
/// Worked example, W = 20 min: exposure 10:00:00.000 opens [10:00, 10:20); click 10:19:59.999 counts, delay 1 199 999 ms; exposure 10:05 merges;
/// before the click of 10:20:00.000 is applied the window fires (label 1, exposures 2), and that click is orphaned.
/// Pinned by <c>LaneJoinTests.ClickAtWindowEnd_IsOrphaned</c>.
/// </para>
/// Threading: one thread at a time. Use: <see cref="Accept"/>, then <see cref="Advance"/> until it says that nothing is left to do.
/// </remarks>
public sealed partial class LaneJoin : IDisposable
{
    /// <summary>Events applied in one span of table calls: a quarter of a millisecond at 435 ns each (perf/results/2026-11-29.md: "Stages by themselves"). Other numbers were not measured.</summary>
    private const int SpanEvents = 512;

    // So many events ahead that what Parse left of them on another core is there when it is copied: two cores 12.4 → 11.8 s with two lanes, 12.6 → 11.8 with four (perf/results/2026-11-29.md: "Who waits for the disk").
    private const int HintedRecords = 6;

    private readonly LaneOptions _options;
    private readonly IWindowTable _table;
    private readonly ReorderBuffer _reorder;
    private readonly WindowLog _log;
    private readonly TimingWheel _wheel = new();
    private readonly TouchedWindows _touched = new();
    private readonly ActionCell[] _cells;
    private readonly long _length;
    private readonly KeyHash[] _ahead = new KeyHash[IWindowTable.Hinted];
    private readonly byte[] _streamOfRank;
    private long _watermark = SourcePartition.NoTime;
    private long _applied = SourcePartition.NoTime;
    private long _cursor;
    private long _dueTick;
    private bool _due;
    private long _fireAt = long.MaxValue;
    private long _nextOrdinal;
    private uint _span;
    private int _untilHint;
    private long _firedOrdinal;
    private (long End, KeyHash Key) _lastFired = (long.MinValue, default);

    /// <summary>An empty lane; it owns table, buffer and log.</summary>
    public LaneJoin(LaneOptions options, IWindowTable table, ReorderBuffer reorder, WindowLog log)
    {
        _options = options;
        _table = table;
        _reorder = reorder;
        _log = log;
        _length = (long)options.Window.Length.TotalMilliseconds;
        _cells = new ActionCell[options.Ranks.Length - 1];
        _streamOfRank = new byte[options.Ranks.Length];
        for (int stream = 0; stream < options.Ranks.Length; stream++) _streamOfRank[options.Ranks[stream]] = (byte)stream;
        Ledger = new LaneLedger(options.Ranks.Length);
    }

    /// <summary>What became of the events.</summary>
    public LaneLedger Ledger { get; }

    /// <summary>Number of the lane.</summary>
    public int Lane => _options.Lane;

    /// <summary>The join's watermark, as far as it has come here.</summary>
    public long Watermark => _watermark;

    /// <summary>The reorder buffer, for its numbers.</summary>
    public ReorderBuffer Reorder => _reorder;

    /// <summary>Bytes of memory that state takes.</summary>
    public long MemoryBytes => _reorder.MemoryBytes + _log.MemoryBytes + _table.MemoryBytes;

    /// <summary>Bytes of disk that state takes.</summary>
    public long DiskBytes => _reorder.DiskBytes + _log.DiskBytes + _table.DiskBytes;

    /// <summary>Where the window table stands.</summary>
    public TableAddresses Addresses => _table.Addresses;

    /// <summary>Dead letters are appended here when the job wants them; the block takes the batch away when it has any.</summary>
    public DeadLetterBatch? Letters { get; set; }

    /// <summary>A budget in common with the lane's salts; null: the buffer's own.</summary>
    public ReorderShare? Share { get; set; }

    /// <summary>Takes a batch's events and its watermark: of a lane without salts.</summary>
    public void Accept(LaneBatch batch)
    {
        Take(batch);
        Reach(batch.Watermark);
    }

    /// <summary>Takes a batch's events.</summary>
    public void Take(LaneBatch batch)
    {
        Share?.Divide(0, _reorder);
        if (batch is SaltBatch salted)
        {
            TakeSalted(salted);
            return;
        }
        RecordBatch? records = batch.Records;
        for (int i = 0; i < batch.Count; i++)
        {
            if (i + (2 * HintedRecords) < batch.Count) records!.HintEvent(batch.Events[i + (2 * HintedRecords)]);
            if (i + HintedRecords < batch.Count) records!.HintBytes(batch.Events[i + HintedRecords]);
            ref readonly ParsedEvent parsed = ref records!.Events[batch.Events[i]];
            int rank = _options.Ranks[parsed.Stream];
            Ledger.Received[rank]++;
            _reorder.Add(parsed, rank, records);
        }
    }

    /// <summary>The watermark has come to here; a lower one than before changes nothing.</summary>
    public void Reach(long watermark)
    {
        if (watermark > _watermark) _watermark = watermark;
    }

    private void TakeSalted(SaltBatch batch)
    {
        for (int rank = 0; rank < batch.Taken.Length; rank++)
        {
            Ledger.Received[rank] += batch.Taken[rank];
            Ledger.Duplicate[rank] += batch.Duplicates[rank];
        }
        foreach (ref readonly SaltedEntry entry in batch.Entries.AsSpan(0, batch.EntryCount)) _reorder.Add(entry, batch.Bytes.AsSpan(entry.Start, entry.Length));
    }

    /// <summary>
    /// Applies due events and fires due windows into <paramref name="output"/>. True when it, or <see cref="Letters"/>, is full: hand it on and call again.
    /// False when nothing is left to do; the batch may hold samples.
    /// </summary>
    public bool Advance(SampleBatch output)
    {
        _table.Enter();
        try
        {
            return ApplyAndFire(output);
        }
        finally
        {
            _table.Leave();
        }
    }

    private bool ApplyAndFire(SampleBatch output)
    {
        do
        {
            while (_reorder.TryNext(out ReorderEntry entry, out bool duplicate))
            {
                if (_untilHint == 0) HintAhead();
                _untilHint--;
                if (entry.Time >= _fireAt && Fire(entry.Time, output)) return true;
                if (duplicate) Ledger.Duplicate[entry.Rank]++;
                else Apply(entry);
                _reorder.Step();
                if (Letters is not null && Letters.BytesUsed >= _options.BatchBytes) return true;
                if (++_span % SpanEvents == 0) Breathe();
            }
        }
        while (OpenRun());
        if (_watermark >= _fireAt && Fire(_watermark, output)) return true;
        if (_watermark > _applied && _watermark != SourcePartition.NoTime)
        {
            _applied = _watermark;
            _table.Advance(_applied);
        }
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposing.IsCancellationRequested) return;
        _disposing.Cancel();
        _pending?.CallOff();
        _table.Dispose();
        _reorder.Dispose();
        _log.Dispose();
        _disposing.Dispose();
    }

    /// <summary>The table's log moves on between spans only.</summary>
    private void Breathe()
    {
        _table.Leave();
        _table.Enter();
    }

    /// <summary>Opens the next run; windows its actions belong to are brought into memory together, where some are on disk.</summary>
    private bool OpenRun()
    {
        if (!_reorder.TryOpenRun(_watermark)) return false;
        if (_table.DiskBytes > 0) _table.Prefetch(_reorder.ActionKeys(out long earliest), earliest);
        HintFrom(0);
        HintFrom(IWindowTable.Hinted);
        _table.HintBehind(_reorder.LookAhead(0, _ahead));
        HintAhead();
        return true;
    }

    private void HintAhead()
    {
        HintFrom(2 * IWindowTable.Hinted);
        _table.HintBehind(_reorder.LookAhead(IWindowTable.Hinted, _ahead));
        _untilHint = IWindowTable.Hinted;
    }

    private void HintFrom(int places)
    {
        _table.Hint(_reorder.LookAhead(places, _ahead));
        _reorder.Hint(places, IWindowTable.Hinted);
    }

    private void Apply(in ReorderEntry entry)
    {
        WaitingHead head = _reorder.Read(entry, out ReadOnlySpan<byte> key, out _, out ReadOnlySpan<byte> payload);
        var applied = new WindowEvent
        {
            Key = entry.Key,
            Time = entry.Time,
            Action = entry.Rank - 1,
            Also = entry.Events - 1,
            Address = _log.TailAddress(head.KeyLength, head.PayloadLength),
            Ordinal = _nextOrdinal,
        };
        WindowUpdate update = _table.Apply(applied);
        if (update.Outcome == WindowOutcome.Orphaned)
        {
            Orphan(entry, head, payload);
            return;
        }
        Ledger.InWindows[entry.Rank] += entry.Events;
        switch (update.Outcome)
        {
            case WindowOutcome.Opened:
                _nextOrdinal++;
                Ledger.WindowsOpened++;
                _wheel.Add(entry.Time + _length, applied.Address);
                _fireAt = Math.Min(_fireAt, entry.Time + _length);
                if (entry.Rank != 0 || entry.Events > 1) _touched.Set(update.Ordinal);
                AppendEntry(LogEntryKind.Window, entry, head, key, entry.Rank == 0 || _options.KeepLetters ? payload : default, update.PreviousAction);
                break;
            case WindowOutcome.Anchored:
                _touched.Set(update.Ordinal);
                AppendEntry(LogEntryKind.Anchor, entry, head, key, payload, WindowState.None);
                break;
            case WindowOutcome.Counted when update.Exposures == 0 && _options.KeepLetters:
                _touched.Set(update.Ordinal);
                bool surplus = update.Kept > _options.MostKept;
                if (surplus) Ledger.Surplus[entry.Rank]++;
                AppendEntry(LogEntryKind.KeptAction, entry, head, key, surplus ? default : payload, update.PreviousAction);
                break;
            default:
                _touched.Set(update.Ordinal);
                break;
        }
    }

    private void AppendEntry(
        LogEntryKind kind, in ReorderEntry entry, in WaitingHead head, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, long previous) =>
        _log.Append(
            new LogEntry
            {
                Key = entry.Key,
                Time = entry.Time,
                Previous = previous,
                Offset = head.Offset,
                Timestamp = head.Timestamp,
                Partition = head.Partition,
                KeyLength = key.Length,
                PayloadLength = payload.Length,
                Stream = _streamOfRank[entry.Rank],
                Kind = kind,
            },
            key,
            payload);

    private void Orphan(in ReorderEntry entry, in WaitingHead head, ReadOnlySpan<byte> payload)
    {
        Ledger.Orphaned[entry.Rank] += entry.Events;
        Letters?.Add(DeadLetterReason.Orphaned, _streamOfRank[entry.Rank], head.Partition, head.Offset, head.Timestamp, payload);
    }

    /// <summary>Fires every window with an end at or before a time; true when the batch is full before all are.</summary>
    private bool Fire(long time, SampleBatch output)
    {
        while (true)
        {
            if (!_due)
            {
                if (!_wheel.TryTake(time, out TimerRange range)) break;
                _cursor = Math.Max(_cursor, range.From);
                _dueTick = range.Tick;
                _due = true;
            }
            if (output.Count >= _options.BatchWindows || output.BytesUsed >= _options.BatchBytes || Letters?.BytesUsed >= _options.BatchBytes) return true;
            long next = _cursor;
            if (!_log.TryReadNext(ref next, out LogEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> payload))
            {
                _due = false;
                continue;
            }
            if (entry.Kind == LogEntryKind.Window)
            {
                long end = entry.Time + _length;
                if (end >> TimingWheel.TickBits > _dueTick)
                {
                    _due = false;
                    continue;
                }
                if (end > time)
                {
                    _fireAt = end;
                    return false;
                }
                Close(entry, key, payload, output);
            }
            _cursor = next;
        }
        _fireAt = _wheel.NextTime;
        _log.TruncateBefore(_cursor);
        if (Ledger.WindowsOpened == Ledger.WindowsClosed) AssertNoneInWindows();
        return false;
    }

    /// <summary>With no window open, no event is in one: a count that a window's state lost would be left over here.</summary>
    private void AssertNoneInWindows()
    {
        foreach (long left in Ledger.InWindows)
            if (left != 0) throw new InvariantException($"Lane {_options.Lane}: no window is open, and {string.Join(' ', Ledger.InWindows)} events (by stream) are in windows.");
    }

    private void Close(in LogEntry entry, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, SampleBatch output)
    {
        long ordinal = _firedOrdinal++;
        long end = entry.Time + _length;
        if (end < _lastFired.End || (end == _lastFired.End && entry.Key <= _lastFired.Key))
            throw new InvariantException($"Lane {_options.Lane}: window {ordinal} {(end, entry.Key)} fires after {_lastFired}.");
        _lastFired = (end, entry.Key);
        Ledger.WindowsClosed++;
        if (!_touched.Take(ordinal))
        {
            Ledger.InWindows[0]--;
            Ledger.Emitted[0]++;
            Emit(entry, key, payload, 1, output);
            return;
        }
        if (!_table.TryReadLast(entry.Key, ordinal, out WindowState state, _cells) || state.Ordinal != ordinal || state.Start != entry.Time)
            throw new InvariantException($"Lane {_options.Lane}: the state of window {ordinal}, start {entry.Time}, is lost (found {state.Ordinal}, start {state.Start}).");
        Ledger.InWindows[0] -= state.Exposures;
        for (int action = 0; action < _cells.Length; action++) Ledger.InWindows[action + 1] -= _cells[action].Count;
        if (state.Exposures == 0)
        {
            OrphanWindow(state);
            return;
        }
        Ledger.Emitted[0] += state.Exposures;
        for (int action = 0; action < _cells.Length; action++) Ledger.Emitted[action + 1] += _cells[action].Count;
        LogEntry first = entry;
        if (state.Payload != _cursor) _log.ReadAt(state.Payload, out first, out key, out payload);
        Emit(first, key, payload, state.Exposures, output).Start = entry.Time;
        _cells.CopyTo(output.CellsOf(output.Count - 1));
    }

    private static ref ClosedWindow Emit(in LogEntry entry, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, uint exposures, SampleBatch output)
    {
        ref ClosedWindow window = ref output.Add(key, payload);
        window.Key = entry.Key;
        window.Start = entry.Time;
        window.Exposures = exposures;
        window.Partition = entry.Partition;
        window.Offset = entry.Offset;
        window.Timestamp = entry.Timestamp;
        output.CellsOf(output.Count - 1).Clear();
        return ref window;
    }

    /// <summary>A window that no exposure came into: its actions are orphaned, their letters read back along the chain.</summary>
    private void OrphanWindow(in WindowState state)
    {
        for (int action = 0; action < _cells.Length; action++) Ledger.Orphaned[action + 1] += _cells[action].Count;
        if (Letters is null) return;
        for (long address = state.LastAction; address != WindowState.None;)
        {
            _log.ReadAt(address, out LogEntry kept, out _, out ReadOnlySpan<byte> payload);
            Letters.Add(DeadLetterReason.Orphaned, kept.Stream, kept.Partition, kept.Offset, kept.Timestamp, payload, noValue: payload.IsEmpty);
            address = kept.Previous;
        }
    }
}
