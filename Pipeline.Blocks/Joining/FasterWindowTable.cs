using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using FASTER.core;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The open windows of one lane in FASTER's hybrid log: the recent ones in memory, the rest on disk, dead ones behind the begin address.</summary>
/// <remarks>
/// A window is one record of the log, opened at the tail; while it is in the log's mutable part it is changed in place, later by copy to the tail.
/// Nothing is deleted: a record whose window has ended counts as absent, and the begin address follows the watermark (<see cref="TailMarks"/>).
/// Threading: one thread at a time, any. Pages are written by the device's thread; a full log waits for it.
/// Memory: the budget of the options, see there. Ownership: disposes its device; files stay for a restore.
/// Errors: <see cref="StateStorageException"/> from every call once storage failed for good; the table is of no use any more then.
/// </remarks>
/// <typeparam name="TCells">Inline array of cells, at least one for each action stream.</typeparam>
public sealed partial class FasterWindowTable<TCells> : IWindowTable where TCells : unmanaged
{
    private const int BucketBytes = 64;

    // Within a span: how often the store may move its addresses on.
    private const int CallsPerRefresh = 256;

    private readonly long _windowMs;
    private readonly int _actionStreams;
    private readonly bool _actionsOpen;
    private readonly FasterTableLayout _layout;
    private readonly StateDevice _device;
    private readonly FasterKV<KeyHash, WindowRecord<TCells>> _store;
    private readonly ClientSession<KeyHash, WindowRecord<TCells>, WindowEvent, WindowUpdate, Empty, FasterWindowFunctions<TCells>> _session;
    private readonly UnsafeContext<KeyHash, WindowRecord<TCells>, WindowEvent, WindowUpdate, Empty, FasterWindowFunctions<TCells>> _span;
    private readonly FasterCompletions<TCells> _completions = new();
    private readonly FasterIndex _index;
    private readonly TailMarks _marks;
    private readonly string _directory;
    private readonly int _generation;
    private readonly int _segmentBits;
    private readonly int _appendsPerCheck;
    private TouchedStates<TCells>? _touched;
    private int _pages;
    private bool _entered;
    private int _callsInSpan;
    private long _latest = long.MinValue;
    private long _advancedTo = long.MinValue;

    internal FasterWindowTable(FasterTableOptions options)
    {
        _windowMs = (long)options.Window.TotalMilliseconds;
        _actionStreams = options.ActionStreams;
        _actionsOpen = options.Anchor == WindowAnchor.First;
        _layout = FasterTableLayout.For(options.MemoryBytes);
        _marks = new TailMarks(_windowMs);
        _generation = TableFiles.Begin(options.Directory, options.Restore);
        _directory = options.Directory;
        _segmentBits = BitOperations.Log2((ulong)Math.Max(options.SegmentBytes, _layout.PageBytes));
        _device = new StateDevice(TableFiles.PrefixOf(options.Directory, _generation), options.StoragePolicy, io: options.Io) { CompleteReadsOnPoll = true };
        var log = new LogSettings
        {
            LogDevice = _device,
            PageSizeBits = BitOperations.Log2((uint)_layout.PageBytes),
            MemorySizeBits = _layout.RingBits,
            SegmentSizeBits = _segmentBits,
        };
        var checkpoints = new CheckpointSettings { CheckpointDir = Path.Combine(options.Directory, "checkpoints"), RemoveOutdated = false };
        _store = new FasterKV<KeyHash, WindowRecord<TCells>>(
            _layout.IndexBytes / BucketBytes, log, checkpoints, comparer: new KeyComparer(), concurrencyControlMode: ConcurrencyControlMode.None);
        _index = new FasterIndex(_store);
        _cold = new ColdRecords(_device, _store.Log.FixedRecordSize);
        ReadsCold = _index.IsActive;
        _appendsPerCheck = Math.Max(_layout.PageBytes / _store.Log.FixedRecordSize / 2, 1);
        LimitTo(_layout.Pages);
        var functions = new FasterWindowFunctions<TCells>(_windowMs, options.Anchor, options.KeepActions, _completions);
        _session = _store.For(functions).NewSession<FasterWindowFunctions<TCells>>(
            readCopyOptions: new ReadCopyOptions(ReadCopyFrom.Device, ReadCopyTo.MainLog));
        _span = _session.UnsafeContext;
    }

    /// <summary>The first storage error that was not mended; null while all is well.</summary>
    public DeviceFault? Fault => _device.Fault;

    /// <summary>What the table's files were used for.</summary>
    public DeviceCounters Counters => _device.Counters;

    /// <inheritdoc/>
    public long MemoryBytes => (_store.IndexSize * BucketBytes) + OverflowBytes + _store.Log.MemorySizeBytes + (_touched?.Bytes ?? 0);

    /// <inheritdoc/>
    public long DiskBytes => _device.DiskBytes;

    /// <inheritdoc/>
    public TableAddresses Addresses => new(_store.Log.BeginAddress, _store.Log.HeadAddress, _store.Log.TailAddress, (_store.IndexSize * BucketBytes) + OverflowBytes);

    /// <summary>Address from which on the log is in memory; moves when records go to disk.</summary>
    internal long HeadAddress => _store.Log.HeadAddress;

    /// <summary>Whether the log is on disk in part, and states of touched windows are kept beside it.</summary>
    internal bool KeepsTouched => _touched is not null;

    /// <summary>Address below which windows are dead and gone.</summary>
    internal long BeginAddress => _store.Log.BeginAddress;

    // One chunk for each 65,536 buckets begun, as FASTER allocates them.
    private long OverflowBytes => ((_store.OverflowBucketCount >> 16) + 1) * FasterTableLayout.OverflowChunkBytes;

    /// <inheritdoc/>
    public void Enter()
    {
        _span.BeginUnsafe();
        _entered = true;
    }

    /// <inheritdoc/>
    public void Leave()
    {
        _entered = false;
        _span.EndUnsafe();
    }

    /// <inheritdoc/>
    public WindowUpdate Apply(in WindowEvent applied)
    {
        if (_device.Fault is not null) Throw();
        if (applied.Time > _latest) _latest = applied.Time;
        KeyHash key = applied.Key;

        // An update of an absent key leaves an index entry that FASTER never frees; a read does not.
        if (applied.Action >= 0 && !_actionsOpen && !IsOpen(key, applied.Time))
            return new WindowUpdate { Outcome = WindowOutcome.Orphaned, PreviousAction = WindowState.None };
        Unsafe.SkipInit(out WindowUpdate update);
        if (Update(ref key, ref Unsafe.AsRef(in applied), ref update).IsPending)
        {
            Complete();
            update = _completions.Update;
        }
        if (_touched is not null && update.Outcome is WindowOutcome.Merged or WindowOutcome.Anchored or WindowOutcome.Counted) _touched.Keep(_completions.Left);
        if (_completions.Appended >= _appendsPerCheck) KeepToBudget();
        return update;
    }

    /// <inheritdoc/>
    public bool TryRead(KeyHash key, out WindowState state, Span<ActionCell> cells)
    {
        if (_device.Fault is not null) Throw();
        var look = new WindowEvent { Action = FasterWindowFunctions<TCells>.Look };
        _completions.WasFound = false;
        if (Read(ref key, ref look).IsPending) Complete();
        if (!_completions.WasFound)
        {
            state = default;
            return false;
        }
        state = CopyOut(ref _completions.Found, cells);
        return true;
    }

    /// <inheritdoc/>
    public bool TryReadLast(KeyHash key, long ordinal, out WindowState state, Span<ActionCell> cells)
    {
        if (_device.Fault is not null) Throw();
        WindowRecord<TCells> found = default;
        if (_touched?.TryTake(ordinal, out found) != true && !TryReadCold(key, out found)) return TryRead(key, out state, cells);
        state = CopyOut(ref found, cells);
        return true;
    }

    /// <inheritdoc/>
    public void Advance(long appliedTime)
    {
        if (_device.Fault is not null) Throw();
        _advancedTo = appliedTime;
        if (_latest != long.MinValue) _marks.Note(_latest, _store.Log.TailAddress);
        if (_marks.Expire(appliedTime)) Reclaim(_marks.DeadBelow);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_entered) Leave();
        _session.Dispose();
        _store.Dispose();
        _device.Dispose();
    }

    private WindowState CopyOut(ref WindowRecord<TCells> found, Span<ActionCell> cells)
    {
        FasterWindowFunctions<TCells>.CellsOf(ref found)[.._actionStreams].CopyTo(cells);
        return found.State;
    }

    private bool AllInMemory => _store.Log.HeadAddress <= _store.Log.BeginAddress;

    private Status Update(ref KeyHash key, ref WindowEvent applied, ref WindowUpdate update)
    {
        if (!_entered) return _session.RMW(ref key, ref applied, ref update);
        KeepUp();
        return _span.RMW(ref key, ref applied, ref update);
    }

    private bool IsOpen(KeyHash key, long time)
    {
        var touch = new WindowEvent { Time = time, Action = FasterWindowFunctions<TCells>.Touch };
        _completions.WasFound = false;
        if (Read(ref key, ref touch).IsPending) Complete();
        return _completions.WasFound;
    }

    private Status Read(ref KeyHash key, ref WindowEvent asked)
    {
        WindowUpdate unused = default;
        if (!_entered) return _session.Read(ref key, ref asked, ref unused);
        KeepUp();
        return _span.Read(ref key, ref asked, ref unused);
    }

    private Status Upsert(ref KeyHash key, ref WindowRecord<TCells> window)
    {
        if (!_entered) return _session.Upsert(ref key, ref window);
        KeepUp();
        return _span.Upsert(ref key, ref window);
    }

    private void KeepUp()
    {
        if (++_callsInSpan % CallsPerRefresh == 0) _span.Refresh();
    }

    // Reads are performed by this very loop (CompleteReadsOnPoll), so there is nothing to wait for; waiting would be for ever when a completed
    // operation has to read once more.
    private void Complete()
    {
        while (!(_entered ? _span.CompletePending(wait: false) : _session.CompletePending(wait: false)))
        {
        }
        if (_device.Fault is not null) Throw();
    }

    // Whole pages only, so that no page is ever flushed in two parts; files are dropped when the address passes the end of one.
    private void Reclaim(long deadBelow)
    {
        long begin = _store.Log.BeginAddress;
        long shifted = deadBelow & ~((long)_layout.PageBytes - 1);
        if (shifted <= begin) return;
        _store.Log.ShiftBeginAddress(shifted, snapToPageStart: false, truncateLog: _device.SegmentOf(shifted) > _device.SegmentOf(begin));
    }

    // FASTER bounds what is not yet written by its ring of pages, a power of two that may be twice the budget. So a lane that outruns its disk waits
    // here, without holding anything the writes need. Overflow buckets and touched states take their memory from the log's.
    private void KeepToBudget()
    {
        _completions.Appended = 0;
        bool copies = (_touched is not null || !AllInMemory) && _layout.HasRoomForTouched(OverflowBytes);
        if (!copies) EndTouched();
        int pages = _layout.PagesBeside(OverflowBytes + (copies ? _layout.TouchedBytes : 0));
        if (pages < _pages) LimitTo(pages);
        // One less than the budget: a page may be begun before the next look.
        while (_store.Log.AllocatedPageCount >= pages && _device.Fault is null)
        {
            // Setting it makes FASTER evict what is written by now.
            _store.Log.EmptyPageCount = _store.Log.EmptyPageCount;
            if (_store.Log.AllocatedPageCount >= pages) WaitForWrite();
        }
        if (copies && _touched is null) BeginTouched();
    }

    private void BeginTouched()
    {
        _completions.CopiesOut = true;
        _touched = new TouchedStates<TCells>(_layout.TouchedBytes);
    }

    // Copies give way before the budget does; their memory goes with the next collection.
    private void EndTouched()
    {
        if (_touched is null) return;
        _completions.CopiesOut = false;
        _touched = null;
        LimitTo(_layout.PagesBeside(OverflowBytes));
    }

    private void WaitForWrite()
    {
        bool entered = _entered;
        if (entered) Leave();
        _device.WaitForWrite();
        if (entered) Enter();
    }

    private void LimitTo(int pages)
    {
        _pages = pages;
        _store.Log.EmptyPageCount = _layout.EmptyPages(pages);
    }

    [DoesNotReturn]
    private void Throw() => throw new StateStorageException(_device.Fault!);

    /// <summary>Keys are hashes already. The low bits of Lo choose the lane and are alike within it, so both halves take part.</summary>
    internal static long HashOf(KeyHash key)
    {
        // 2^64 / golden ratio, odd: spreads consecutive numbers over high and low bits.
        const ulong golden = 0x9E3779B97F4A7C15;
        return (long)(key.Hi + (key.Lo * golden));
    }

    private sealed class KeyComparer : IFasterEqualityComparer<KeyHash>
    {
        public long GetHashCode64(ref KeyHash k) => HashOf(k);

        public bool Equals(ref KeyHash k1, ref KeyHash k2) => k1.Hi == k2.Hi && k1.Lo == k2.Lo;
    }
}
