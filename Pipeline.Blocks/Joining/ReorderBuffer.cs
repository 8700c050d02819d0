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
    /// <remarks>Other lengths were not measured. A bucket's events are sorted as integers of these bits and 58 of the hash (perf/results/2026-11-29.md: "What helped").</remarks>
    internal const int SliceBits = 6;

    // Part of the budget that events leave to what is idle, where memory is short: 83 → 74 managed bytes a record (perf/results/2026-11-28.md: "Allocation"). Other parts were not measured.
    private const int IdleShare = 8;

    private readonly Dictionary<long, ReorderBucket> _buckets = [];
    private readonly PriorityQueue<ReorderBucket, long> _bySlice = new();
    private readonly Stack<ReorderBucket> _spare = new();
    private readonly ChunkPool _chunks = new();
    private readonly ReorderRun _run = new();
    private readonly PageFile _spill;
    private readonly ReadGate? _gate;
    private readonly long[] _waiting;
    private KeyHash[] _keys = [];
    private ReorderBucket? _latest;
    private long _memory;
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

    /// <summary>Bytes of memory that waiting events take, with what they are sorted by.</summary>
    public long WaitingBytes => _memory + _run.MemoryBytes;

    /// <summary>Bytes of memory held, with what is idle.</summary>
    public long MemoryBytes => WaitingBytes + _chunks.IdleBytes;

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
        if (_buckets.Count == 0) return false;
        ReorderBucket first = _bySlice.Peek();
        if (first.Slice << SliceBits >= watermark) return false;
        if (first.IsSpilled) LoadSlow(first);
        _run.Gather(first);
        return _run.TryOpen(watermark);
    }

    /// <summary>Keys of the actions in the open run, and the time of its first event. Lives until the next call.</summary>
    public ReadOnlySpan<KeyHash> ActionKeys(out long earliest) => _run.ActionKeys(ref _keys, out earliest);

    /// <summary>Gives the run's next event; its bytes live until the call after. False, and the run closed, at its end.</summary>
    public bool TryNext(out ReorderEntry entry, out bool duplicate)
    {
        if (_run.IsOpen && !_run.IsAtEnd)
        {
            entry = _run.Next;
            duplicate = _run.IsNextDuplicate;
            return true;
        }
        if (_run.IsOpen) CloseRun();
        entry = default;
        duplicate = false;
        return false;
    }

    /// <summary>Keys of the events from so many places behind the next one on, as far as the run has them and there is room.</summary>
    public ReadOnlySpan<KeyHash> LookAhead(int places, Span<KeyHash> keys) => _run.LookAhead(places, keys);

    /// <summary>Hints at the bytes of so many events from so many places behind the next one on.</summary>
    public void Hint(int places, int count) => _run.Hint(places, count);

    /// <summary>Steps behind the event that <see cref="TryNext"/> gave.</summary>
    public void Step()
    {
        ref readonly ReorderEntry entry = ref _run.Next;
        _waiting[entry.Rank] -= entry.Events;
        _run.Step();
    }

    /// <summary>The bytes of an event of the open run.</summary>
    public WaitingHead Read(in ReorderEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload) =>
        _run.Bucket!.Read(entry.Start, out key, out id, out payload);

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
        if (!_spare.TryPop(out ReorderBucket? bucket)) bucket = new ReorderBucket(_chunks);
        bucket.Slice = slice;
        _buckets.Add(slice, bucket);
        _bySlice.Enqueue(bucket, slice);
        return bucket;
    }

    private void CloseRun()
    {
        ReorderBucket bucket = _run.Bucket!;
        if (!_run.Close()) return;
        _memory -= bucket.MemoryBytes;
        bucket.Release();
        _buckets.Remove(bucket.Slice);
        // A run is always of the earliest bucket.
        _bySlice.Dequeue();
        _spare.Push(bucket);
        if (MemoryBytes > Budget) LetGoOfExcess();
        if (_latest == bucket) _latest = null;
        if (_pressed && _spilledBuckets == 0 && _memory < Budget / 2) Press(false);
    }

    /// <summary>
    /// Events go to disk before they fill the budget, and of what is idle no more is given up than is over it: the rest is what the next events come into. With all of the budget for
    /// events, each that came took fresh memory and gave up another's (perf/results/2026-11-28.md).
    /// </summary>
    private void MakeRoomSlow()
    {
        long limit = Budget - (Budget / IdleShare);
        if (WaitingBytes > limit) _run.LetGo();
        if (WaitingBytes > limit) SpillSlow();
        LetGoOfExcess();
    }

    private void LetGoOfExcess()
    {
        _chunks.LetGo(MemoryBytes - Budget);
        if (MemoryBytes <= Budget) return;
        _run.LetGo();
        _spare.Clear();
    }

    /// <summary>Gives back memory that no event is in.</summary>
    internal void LetGoOfIdle()
    {
        _chunks.LetGo(long.MaxValue);
        _run.LetGo();
        _spare.Clear();
    }

    private void SpillSlow()
    {
        if (!_pressed) Press(true);
        // Down to half the budget, so that one round of writes makes room for many events; a round for each event cost 190 s of CPU where this costs 11 (perf/results/2026-11-24.md: "State beyond the budget").
        foreach (ReorderBucket bucket in _buckets.Values.OrderByDescending(bucket => bucket.Slice))
        {
            if (WaitingBytes <= Budget / 2) break;
            if (bucket.MemoryBytes == 0) continue;
            if (!bucket.IsSpilled) _spilledBuckets++;
            _memory -= bucket.MemoryBytes;
            if (bucket == _run.Bucket) SpillGathered(bucket);
            else bucket.Spill(_spill, ref _nextPage);
        }
    }

    private void SpillGathered(ReorderBucket bucket)
    {
        _run.Gather(bucket);
        bucket.Spill(_spill, _run.Left, ref _nextPage);
        _run.Forget();
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
