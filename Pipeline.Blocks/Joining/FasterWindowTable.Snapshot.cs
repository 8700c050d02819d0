using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FASTER.core;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <content>
/// Snapshots are not FASTER's checkpoints, whose state machine takes failed writes for done and whose recovery fills the whole ring of pages, twice the
/// budget. Its log is flushed, which is all a fold-over checkpoint does with it, and the snapshot says which addresses are live, with a checksum for each
/// page. At the cut its read-only address moves to the tail: from there on updates go to copies behind it, so what lies before it stays as it is, and the
/// writes of it are queued; the rest, waiting for them included, can be done on another thread. A restore reads them in order and puts the live windows into an empty table, which begins a log of its own.
/// </content>
public sealed partial class FasterWindowTable<TCells>
{
    private const int SectorBytes = 512;
    private const int PieceBytes = 256 << 10;

    private readonly List<ulong> _pageHashes = [];

    // The snapshot's that is being written, of which there is one at a time.
    private readonly XxHash3 _hash = new();
    private readonly byte[] _piece = GC.AllocateUninitializedArray<byte>(PieceBytes);
    private long _firstHashedPage;
    private TableLog? _found;

    /// <inheritdoc/>
    public ITableSnapshot BeginSnapshot()
    {
        if (_device.Fault is not null) Throw();
        var snapshot = new TableSnapshot(this);
        if (snapshot.Floor.Segment < _device.KeptFrom) _device.KeepFrom(snapshot.Floor.Segment);
        // No other thread is in the store, so the writes are queued before this returns.
        _store.Log.Flush(wait: false);
        return snapshot;
    }

    /// <inheritdoc/>
    public void Load(SnapshotReader snapshot)
    {
        _found = TableLog.Load(snapshot, Unsafe.SizeOf<LogRecord>());
        (_advancedTo, _latest) = (_found.AdvancedTo, _found.Latest);
    }

    /// <inheritdoc/>
    public void Recover()
    {
        TableLog found = _found!;
        _found = null;
        TableFiles.RefuseUnmarked(_directory, found.Generation, _generation - 1);
        // A later generation than the snapshot's was begun by a restore that no snapshot came of.
        TableFiles.Delete(_directory, (generation, _) => generation > found.Generation && generation < _generation);
        found.Read(_directory, (page, address) => Restore(page, address, found.Begin, found.Marks));
        while (found.Marks.TryDequeue(out (long Time, long Address) mark)) _marks.Note(mark.Time, _store.Log.TailAddress);
    }

    /// <inheritdoc/>
    public void KeepFrom(TableFloor floor)
    {
        TableFiles.Delete(_directory, (generation, segment) =>
            generation < floor.Generation || (generation == floor.Generation && generation < _generation && segment < floor.Segment));
        if (floor.Generation == _generation) _device.KeepFrom(floor.Segment);
    }

    private void Save(TableSnapshot taken, SnapshotWriter snapshot, CancellationToken stopping)
    {
        // A page's second part is queued only when its first is written: hence the second wait, and the third, which by then is none, for certainty.
        _device.WaitForQueue(stopping);
        _device.WaitForQueue(stopping);
        _store.Log.ShiftReadOnlyAddress(taken.Tail, wait: true);
        _device.Sync();
        HashPages(taken.Begin, taken.Tail);

        snapshot.Write(_generation);
        snapshot.Write(PageBits);
        snapshot.Write(_segmentBits);
        snapshot.Write(_store.Log.FixedRecordSize);
        snapshot.Write(taken.Begin);
        snapshot.Write(taken.Tail);
        snapshot.Write(taken.AdvancedTo);
        snapshot.Write(taken.Latest);
        snapshot.WriteMany<ulong>(CollectionsMarshal.AsSpan(_pageHashes));
        SaveTailPage(snapshot, taken.Begin, taken.Tail);
        TailMarks.Save(snapshot, taken.Marks);
    }

    private int PageBits => BitOperations.Log2((uint)_layout.PageBytes);

    // A page below the tail was flushed and is never written again, so its checksum is taken once.
    private void HashPages(long begin, long tail)
    {
        long first = begin >> PageBits;
        int dead = (int)Math.Min(first - _firstHashedPage, _pageHashes.Count);
        _pageHashes.RemoveRange(0, dead);
        _firstHashedPage = first;
        for (long number = first + _pageHashes.Count; number < tail >> PageBits; number++) _pageHashes.Add(HashOwn(number << PageBits, _layout.PageBytes));
    }

    private ulong HashOwn(long address, int length)
    {
        _hash.Reset();
        for (int done = 0; done < length;)
        {
            Span<byte> piece = _piece.AsSpan(0, Math.Min(length - done, PieceBytes));
            _device.ReadNow(address + done, piece);
            _hash.Append(piece);
            done += piece.Length;
        }
        return _hash.GetCurrentHashAsUInt64();
    }

    // The last sector is written anew with what comes behind it, so its bytes up to the tail, which stay what they are, go into the snapshot.
    private void SaveTailPage(SnapshotWriter snapshot, long begin, long tail)
    {
        long start = tail >> PageBits << PageBits;
        int used = tail > begin ? (int)(tail - start) : 0;
        int whole = used / SectorBytes * SectorBytes;
        snapshot.Write(HashOwn(start, whole));
        if (used > whole) _device.ReadNow(start + whole, _piece.AsSpan(0, SectorBytes));
        snapshot.WriteMany<byte>(_piece.AsSpan(0, used - whole));
    }

    private void Restore(ReadOnlySpan<byte> page, long address, long begin, Queue<(long Time, long Address)> marks)
    {
        Enter();
        try
        {
            int size = Unsafe.SizeOf<LogRecord>();
            for (int at = (int)Math.Max(begin - address, 0); at + size <= page.Length; at += size)
            {
                while (marks.TryPeek(out (long Time, long Address) mark) && mark.Address <= address + at)
                    _marks.Note(marks.Dequeue().Time, _store.Log.TailAddress);
                ref readonly LogRecord record = ref MemoryMarshal.AsRef<LogRecord>(page[at..]);
                if (record.Info.Invalid || record.Window.State.Start + _windowMs <= _advancedTo) continue;
                PutIn(in record);
            }
        }
        finally
        {
            Leave();
        }
        if (_device.Fault is not null) Throw();
    }

    // In the place of what the table has of the window: in a restore later versions come later in the log.
    private void PutIn(in LogRecord record)
    {
        KeyHash key = record.Key;
        WindowRecord<TCells> window = record.Window;
        if (Upsert(ref key, ref window).IsPending)
            throw new InvariantException("The window table put off a write of a window that it read.");
        if (_completions.Appended >= _appendsPerCheck) KeepToBudget();
    }

    /// <summary>Where the log was at the cut.</summary>
    private sealed class TableSnapshot(FasterWindowTable<TCells> table) : ITableSnapshot
    {
        public readonly long Begin = table._store.Log.BeginAddress;
        public readonly long Tail = table._store.Log.TailAddress;
        public readonly long AdvancedTo = table._advancedTo;
        public readonly long Latest = table._latest;
        public readonly (long Time, long Address)[] Marks = table._marks.Copy();

        public TableFloor Floor => new(table._generation, table._device.SegmentOf(Begin));

        public void Finish(SnapshotWriter snapshot, CancellationToken stopping) => table.Save(this, snapshot, stopping);
    }

    /// <summary>A record as it lies in the log.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 8)]
    private readonly struct LogRecord
    {
        public readonly RecordInfo Info;
        public readonly KeyHash Key;
        public readonly WindowRecord<TCells> Window;
    }
}
