using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>Holds on-time events until the watermark is strictly above their time, then gives them out in the contract's total order, duplicates apart.</summary>
/// <remarks>
/// Order: event time; join key (hash, ties by bytes); exposure before actions; the streams' order; event id; payload. Nothing in it depends on arrival.
/// Events lie in buckets of 64 ms of event time; a bucket is sorted when the watermark reaches it. Memory: past the budget the buckets furthest in the future
/// are written to a spill file; near it the read gate is told, so that only the partition that holds the watermark is read.
/// Threading: one thread. Use: <see cref="Add(in ParsedEvent, int, RecordBatch)"/> any number of events; then <see cref="TryOpenRun"/> and <see cref="TryNext"/> until both say no.
/// </remarks>
public sealed partial class ReorderBuffer : IDisposable
{
    /// <summary>A bucket is 2^6 = 64 ms of event time.</summary>
    private const int SliceBits = 6;

    // Part of the budget that events leave to what is idle, where memory is short.
    private const int IdleShare = 8;

    private readonly Dictionary<long, ReorderBucket> _buckets = [];
    private readonly PriorityQueue<ReorderBucket, long> _bySlice = new();
    private readonly Stack<ReorderBucket> _spare = new();
    private readonly ChunkPool _chunks = new();
    private readonly ReorderOrder _order = new();
    private readonly PageFile _spill;
    private readonly ReadGate? _gate;
    private readonly long[] _waiting;
    private KeyHash[] _keys = [];
    private ReorderBucket? _latest;
    private ReorderBucket? _run;
    private int _runNext;
    private int _runEnd;
    private long _memory;
    private long _spareBytes;
    private long _nextPage;
    private int _spilledBuckets;
    private bool _pressed;

    /// <summary>An empty buffer.</summary>
    /// <param name="ranks">1 + number of action streams.</param>
    /// <param name="budgetBytes">Memory before events go to disk.</param>
    /// <param name="spillPath">Path of the spill files.</param>
    /// <param name="gate">Told when the budget is near.</param>
    /// <param name="policy">What becomes of failed writes; null: the first error is final.</param>
    public ReorderBuffer(int ranks, long budgetBytes, string spillPath, ReadGate? gate, IStoragePolicy? policy = null)
    {
        _waiting = new long[ranks];
        Budget = budgetBytes;
        _spill = new PageFile(spillPath, policy ?? NoRepeat.Instance);
        _gate = gate;
    }

    /// <summary>Events waiting, by rank.</summary>
    public ReadOnlySpan<long> Waiting => _waiting;

    /// <summary>Whether no event waits.</summary>
    public bool IsEmpty => _buckets.Count == 0;

    /// <summary>Bytes of memory that waiting events take.</summary>
    public long WaitingBytes => _memory;

    /// <summary>Bytes of memory held, with what is idle.</summary>
    public long MemoryBytes => _memory + _spareBytes + _chunks.IdleBytes;

    /// <summary>Bytes spilled to disk and not yet reclaimed.</summary>
    public long DiskBytes => _spill.Bytes;

    /// <summary>Takes an on-time event, copying its bytes.</summary>
    public void Add(in ParsedEvent parsed, int rank, RecordBatch batch)
    {
        ReorderBucket bucket = BucketOf(parsed.Time);
        long before = bucket.MemoryBytes;
        bucket.Add(parsed, rank, batch);
        _waiting[rank]++;
        _memory += bucket.MemoryBytes - before;
        if (MemoryBytes > Budget) MakeRoomSlow();
    }

    /// <summary>Takes what a salt has condensed, copying its bytes.</summary>
    public void Add(in SaltedEntry entry, ReadOnlySpan<byte> bytes)
    {
        ReorderBucket bucket = BucketOf(entry.Time);
        long before = bucket.MemoryBytes;
        bytes.CopyTo(bucket.Append(entry.Time, entry.Key, entry.Rank, bytes.Length, entry.Also));
        _waiting[entry.Rank] += entry.Also + 1;
        _memory += bucket.MemoryBytes - before;
        if (MemoryBytes > Budget) MakeRoomSlow();
    }

    /// <summary>Memory before events go to disk: what other buffers leave of a budget in common. Between events.</summary>
    public long Budget { get; set; }

    /// <summary>Opens the earliest bucket that has events below the watermark, sorted; false when none has.</summary>
    public bool TryOpenRun(long watermark)
    {
        while (_buckets.Count > 0)
        {
            ReorderBucket first = _bySlice.Peek();
            if (first.Slice << SliceBits >= watermark) return false;
            if (first.IsSpilled) LoadSlow(first);
            _runEnd = Partition(first, watermark);
            _runNext = 0;
            _run = first;
            if (_runEnd == 0)
            {
                _run = null;
                return false;
            }
            _order.Sort(first, _runEnd);
            return true;
        }
        return false;
    }

    /// <summary>Keys of the actions in the open run, and the time of its first event. Lives until the next call.</summary>
    public ReadOnlySpan<KeyHash> ActionKeys(out long earliest)
    {
        if (_keys.Length < _runEnd) _keys = new KeyHash[Math.Max(_runEnd, _keys.Length * 2)];
        int count = 0;
        foreach (ref readonly ReorderEntry entry in _run!.Entries.AsSpan(0, _runEnd))
            if (entry.Rank != 0) _keys[count++] = entry.Key;
        earliest = _run.Entries[0].Time;
        return _keys.AsSpan(0, count);
    }

    /// <summary>Gives the run's next event; its bytes live until the call after. False, and the run closed, at its end.</summary>
    public bool TryNext(out ReorderEntry entry, out bool duplicate)
    {
        if (_run is null)
        {
            entry = default;
            duplicate = false;
            return false;
        }
        if (_runNext == _runEnd)
        {
            CloseRun();
            entry = default;
            duplicate = false;
            return false;
        }
        entry = _run.Entries[_runNext];
        duplicate = _runNext > 0 && ReorderOrder.AreDuplicates(_run, _run.Entries[_runNext - 1], entry);
        return true;
    }

    /// <summary>The key of the event so many places behind the next one, for hints; false where the run has none.</summary>
    public bool TryLookAhead(int places, out KeyHash key)
    {
        bool has = _runNext + places < _runEnd;
        key = has ? _run!.Entries[_runNext + places].Key : default;
        return has;
    }

    /// <summary>Hints at the bytes of an event of which <see cref="TryLookAhead"/> gave the key.</summary>
    public void HintAhead(int places) => _run!.Hint(_run.Entries[_runNext + places].Start);

    /// <summary>Steps behind the event that <see cref="TryNext"/> gave.</summary>
    public void Step()
    {
        ref readonly ReorderEntry entry = ref _run!.Entries[_runNext];
        _waiting[entry.Rank] -= entry.Events;
        _runNext++;
    }

    /// <summary>The bytes of an event of the open run.</summary>
    public WaitingHead Read(in ReorderEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload) =>
        _run!.Read(entry.Start, out key, out id, out payload);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ReorderBucket bucket in _buckets.Values) bucket.Release();
        _spill.Dispose();
    }

    private ReorderBucket BucketOf(long time)
    {
        long slice = time >> SliceBits;
        ReorderBucket? bucket = _latest;
        if (bucket is not null && bucket.Slice == slice) return bucket;
        if (!_buckets.TryGetValue(slice, out bucket)) bucket = Begin(slice);
        _latest = bucket;
        return bucket;
    }

    private ReorderBucket Begin(long slice)
    {
        if (_spare.TryPop(out ReorderBucket? bucket)) Reuse(bucket);
        else bucket = new ReorderBucket(_chunks);
        bucket.Slice = slice;
        _buckets.Add(slice, bucket);
        _bySlice.Enqueue(bucket, slice);
        return bucket;
    }

    private void Reuse(ReorderBucket spare)
    {
        _spareBytes -= spare.MemoryBytes;
        _memory += spare.MemoryBytes;
    }

    /// <summary>Moves the entries below the watermark to the front; returns how many.</summary>
    private static int Partition(ReorderBucket bucket, long watermark)
    {
        Span<ReorderEntry> entries = bucket.Entries.AsSpan(0, bucket.Count);
        int due = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Time >= watermark) continue;
            if (i != due) (entries[i], entries[due]) = (entries[due], entries[i]);
            due++;
        }
        return due;
    }

    private void CloseRun()
    {
        ReorderBucket run = _run!;
        _run = null;
        if (_runEnd < run.Count)
        {
            run.Entries.AsSpan(_runEnd, run.Count - _runEnd).CopyTo(run.Entries);
            run.Count -= _runEnd;
            return;
        }
        _memory -= run.MemoryBytes;
        run.Release();
        _buckets.Remove(run.Slice);
        // A run is always of the earliest bucket.
        _bySlice.Dequeue();
        _spare.Push(run);
        _spareBytes += run.MemoryBytes;
        if (MemoryBytes > Budget) LetGoOfExcess();
        if (_latest == run) _latest = null;
        if (_pressed && _spilledBuckets == 0 && _memory < Budget / 2) Press(false);
    }

    /// <summary>
    /// Events go to disk before they fill the budget, and of what is idle no more is given up than is over it: the rest is what the next events come into. With all of the budget for
    /// events, each that came took fresh memory and gave up another's (perf/results/2026-11-28.md).
    /// </summary>
    private void MakeRoomSlow()
    {
        if (_memory > Budget - (Budget / IdleShare)) SpillSlow();
        LetGoOfExcess();
    }

    private void LetGoOfExcess()
    {
        _chunks.LetGo(MemoryBytes - Budget);
        while (MemoryBytes > Budget && _spare.TryPop(out ReorderBucket? spare)) _spareBytes -= spare.MemoryBytes;
    }

    /// <summary>Gives back memory that no event is in.</summary>
    internal void LetGoOfIdle()
    {
        _chunks.LetGo(long.MaxValue);
        _spare.Clear();
        _spareBytes = 0;
    }

    private void SpillSlow()
    {
        if (!_pressed) Press(true);
        // Down to half the budget, so that one round of writes makes room for many events; a round for each event cost a hundred times more.
        foreach (ReorderBucket bucket in _buckets.Values.OrderByDescending(bucket => bucket.Slice))
        {
            if (_memory <= Budget / 2) break;
            if (bucket.Count == 0) continue;
            if (!bucket.IsSpilled) _spilledBuckets++;
            _memory -= bucket.MemoryBytes;
            bucket.Spill(_spill, ref _nextPage);
        }
    }

    private void LoadSlow(ReorderBucket bucket)
    {
        _memory -= bucket.MemoryBytes;
        _spilledBuckets--;
        bucket.Load(_spill);
        _memory += bucket.MemoryBytes;
    }

    private void Press(bool pressed)
    {
        _pressed = pressed;
        if (pressed) _gate?.EnterPressure();
        else _gate?.LeavePressure();
    }
}
