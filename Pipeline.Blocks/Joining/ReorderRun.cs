using System.Runtime.CompilerServices;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The earliest bucket's entries: gathered when the watermark comes into its slice, put in order as far as they are due, and given out.</summary>
/// <remarks>
/// Only one bucket can be due in part: no event that is on time belongs before it. So entries are not kept with each bucket that waits, and one array serves all.
/// Order: a slice is 64 ms, so the low six bits of the time and the upper 58 of the key's hash in one integer are the order but for ties, which <see cref="ReorderOrder"/> settles.
/// Threading: the buffer's.
/// </remarks>
internal sealed class ReorderRun
{
    private const int TimeBits = ReorderBuffer.SliceBits;
    private const long TimeMask = (1L << TimeBits) - 1;

    private readonly Comparison<int> _compare;
    private ReorderEntry[] _entries = [];
    private ulong[] _sortKeys = [];
    private int[] _order = [];
    private int _count;
    private int _due;
    private int _next;

    /// <summary>One for each buffer: the delegate is made once.</summary>
    public ReorderRun() => _compare = (left, right) => ReorderOrder.Compare(Bucket!, _entries[left], _entries[right]);

    /// <summary>The bucket whose entries are here; null: none.</summary>
    public ReorderBucket? Bucket { get; private set; }

    /// <summary>Whether a part that is due is being given out.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Bytes of memory held.</summary>
    public long MemoryBytes => _entries.Length * (long)(Unsafe.SizeOf<ReorderEntry>() + sizeof(ulong) + sizeof(int));

    /// <summary>The entries that are gathered and were not given out, in no order. Between runs.</summary>
    public ReadOnlySpan<ReorderEntry> Left => _entries.AsSpan(0, _count);

    /// <summary>Whether all that are due were given out.</summary>
    public bool IsAtEnd => _next == _due;

    /// <summary>The next entry.</summary>
    public ref readonly ReorderEntry Next => ref _entries[_order[_next]];

    /// <summary>Whether the next entry repeats the one before it.</summary>
    public bool IsNextDuplicate => _next > 0 && ReorderOrder.AreDuplicates(Bucket!, _entries[_order[_next - 1]], Next);

    /// <summary>Gathers what has come into a bucket since the last time.</summary>
    public void Gather(ReorderBucket bucket)
    {
        if (Bucket != bucket)
        {
            if (_count > 0) throw new InvariantException($"Events of slice {bucket.Slice} came when those of {Bucket!.Slice} were due: they were late.");
            Bucket = bucket;
        }
        if (_entries.Length - _count < bucket.Ungathered) GrowSlow(_count + bucket.Ungathered);
        int before = _count;
        _count += bucket.Ungathered;
        bucket.Gather(_entries.AsSpan(before, _count - before));
    }

    /// <summary>Opens the part below a watermark, in order; false when nothing is.</summary>
    public bool TryOpen(long watermark)
    {
        _due = Partition(watermark);
        _next = 0;
        IsOpen = _due > 0;
        if (IsOpen) Sort();
        return IsOpen;
    }

    /// <summary>Steps behind the next entry.</summary>
    public void Step() => _next++;

    /// <summary>Keys of the entries from so many places behind the next one on, as far as they are due and there is room.</summary>
    public ReadOnlySpan<KeyHash> LookAhead(int places, Span<KeyHash> keys)
    {
        ReadOnlySpan<int> ahead = Ahead(places, keys.Length);
        for (int i = 0; i < ahead.Length; i++) keys[i] = _entries[ahead[i]].Key;
        return keys[..ahead.Length];
    }

    /// <summary>Brings so many events from so many places behind the next one on into the processor's cache.</summary>
    public void Hint(int places, int count)
    {
        foreach (int entry in Ahead(places, count)) Bucket!.Hint(_entries[entry].Start);
    }

    /// <summary>Keys of the actions that are due, into an array that grows as needed; and the time of the first event.</summary>
    public ReadOnlySpan<KeyHash> ActionKeys(ref KeyHash[] keys, out long earliest)
    {
        if (keys.Length < _due) keys = new KeyHash[Math.Max(_due, keys.Length * 2)];
        int count = 0;
        foreach (ref readonly ReorderEntry entry in _entries.AsSpan(0, _due))
            if (entry.Rank != 0) keys[count++] = entry.Key;
        earliest = Next.Time;
        return keys.AsSpan(0, count);
    }

    /// <summary>Closes the part that was given out; what is left stays. True when nothing is, and the bucket is done with.</summary>
    public bool Close()
    {
        IsOpen = false;
        _entries.AsSpan(_due, _count - _due).CopyTo(_entries);
        _count -= _due;
        _due = _next = 0;
        if (_count > 0 || Bucket!.Ungathered > 0) return false;
        Bucket = null;
        return true;
    }

    /// <summary>Forgets what was gathered: the bucket has gone to disk.</summary>
    public void Forget()
    {
        Bucket = null;
        _count = 0;
        LetGo();
    }

    /// <summary>Gives memory back, if no entries are here.</summary>
    public void LetGo()
    {
        if (_count > 0) return;
        _entries = [];
        _sortKeys = [];
        _order = [];
    }

    private ReadOnlySpan<int> Ahead(int places, int count)
    {
        int from = Math.Min(_next + places, _due);
        return _order.AsSpan(from, Math.Min(count, _due - from));
    }

    /// <summary>Moves the entries below the watermark to the front; returns how many.</summary>
    private int Partition(long watermark)
    {
        Span<ReorderEntry> entries = _entries.AsSpan(0, _count);
        int due = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Time >= watermark) continue;
            if (i != due) (entries[i], entries[due]) = (entries[due], entries[i]);
            due++;
        }
        return due;
    }

    private void Sort()
    {
        Span<ulong> keys = _sortKeys.AsSpan(0, _due);
        Span<int> order = _order.AsSpan(0, _due);
        for (int i = 0; i < keys.Length; i++)
        {
            ref readonly ReorderEntry entry = ref _entries[i];
            keys[i] = (ulong)(entry.Time & TimeMask) << (64 - TimeBits) | entry.Key.Hi >> TimeBits;
            order[i] = i;
        }
        keys.Sort(order);
        for (int i = 1; i < keys.Length; i++)
            if (keys[i] == keys[i - 1]) i = SettleSlow(keys, order, i - 1);
    }

    /// <summary>Puts entries that one integer could not tell apart in order; returns where they end.</summary>
    private int SettleSlow(ReadOnlySpan<ulong> keys, Span<int> order, int from)
    {
        int end = from + 1;
        while (end < keys.Length && keys[end] == keys[from]) end++;
        order[from..end].Sort(_compare);
        return end;
    }

    private void GrowSlow(int least)
    {
        int length = Math.Max(least, _entries.Length * 2);
        Array.Resize(ref _entries, length);
        _sortKeys = new ulong[length];
        _order = new int[length];
    }
}
