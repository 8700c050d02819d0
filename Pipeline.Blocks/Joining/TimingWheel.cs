using System.Numerics;

namespace Pipeline.Blocks.Joining;

/// <summary>A range of log addresses whose entries fall due within one tick, in log order.</summary>
/// <param name="Tick">The tick, <c>due &gt;&gt; TickBits</c>.</param>
/// <param name="From">Address of the first entry.</param>
public readonly record struct TimerRange(long Tick, long From);

/// <summary>
/// Hierarchical timing wheel over event time: levels of 64 slots, each level 64 times coarser, a timer moving down as its time comes near.
/// </summary>
/// <remarks>
/// A timer stands for a range of the window log, not for one window: entries that fall due within one tick of 64 ms and lie behind each other share one, so
/// open windows cost log bytes and not heap. Entries within a due tick are told apart by their own times.
/// Set and fire are O(1) amortised; a timer moves down at most once a level.
/// Source: G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987 (scheme 7).
/// Threading: one thread.
/// </remarks>
public sealed class TimingWheel
{
    /// <summary>A tick is 2^6 = 64 ms.</summary>
    public const int TickBits = 6;

    private const int SlotBits = 6;
    private const int Slots = 1 << SlotBits;
    private const int Levels = 8;

    private readonly List<TimerRange>?[] _slots = new List<TimerRange>?[Levels * Slots];

    // Of slots that are empty, for the next to fill: each would else grow a list of its own.
    private readonly Stack<List<TimerRange>> _spare = new();
    private readonly ulong[] _occupied = new ulong[Levels];
    private long _now;
    private TimerRange _last = new(long.MinValue, 0);

    /// <summary>Timers set and not fired.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Sets a timer for the entry at an address. Does nothing when the timer set last is for the same tick: the entry then lies in its range.
    /// </summary>
    /// <param name="due">Event time, ms.</param>
    /// <param name="address">The entry's address; ascending over calls.</param>
    public void Add(long due, long address)
    {
        long tick = Math.Max(due >> TickBits, _now);
        if (tick == _last.Tick) return;
        _last = new TimerRange(tick, address);
        Place(_last);
        Count++;
    }

    /// <summary>No timer is due before this event time, ms; <see cref="long.MaxValue"/> when none is set.</summary>
    public long NextTime
    {
        get
        {
            if (Count == 0) return long.MaxValue;
            int level = Lowest();
            long tick = _slots[level * Slots + BitOperations.TrailingZeroCount(_occupied[level])]![0].Tick;
            return tick >> (level * SlotBits) << (level * SlotBits) << TickBits;
        }
    }

    /// <summary>Takes the earliest timer whose tick has begun at <paramref name="time"/>. A range ends where the next begins.</summary>
    public bool TryTake(long time, out TimerRange range)
    {
        long target = time >> TickBits;
        while (Count > 0)
        {
            int level = Lowest();
            int slot = level * Slots + BitOperations.TrailingZeroCount(_occupied[level]);
            List<TimerRange> timers = _slots[slot]!;
            long begins = level == 0 ? timers[0].Tick : timers[0].Tick >> (level * SlotBits) << (level * SlotBits);
            if (begins > target) break;
            _now = Math.Max(_now, begins);
            if (level == 0)
            {
                range = timers[0];
                timers.RemoveAt(0);
                if (timers.Count == 0) _spare.Push(Detach(0, slot));
                Count--;
                if (range.Tick == _last.Tick) _last = new TimerRange(long.MinValue + 1, 0);
                return true;
            }
            Cascade(level, slot);
        }
        range = default;
        return false;
    }

    private int Lowest()
    {
        int level = 0;
        while (_occupied[level] == 0) level++;
        return level;
    }

    private void Cascade(int level, int slot)
    {
        List<TimerRange> timers = Detach(level, slot);
        foreach (TimerRange timer in timers) Place(timer);
        timers.Clear();
        _spare.Push(timers);
    }

    private List<TimerRange> Detach(int level, int slot)
    {
        List<TimerRange> timers = _slots[slot]!;
        _slots[slot] = null;
        _occupied[level] &= ~(1UL << (slot & Slots - 1));
        return timers;
    }

    private void Place(TimerRange timer)
    {
        ulong differs = (ulong)(timer.Tick ^ _now);
        int level = differs == 0 ? 0 : (63 - BitOperations.LeadingZeroCount(differs)) / SlotBits;
        if (level >= Levels)
            throw new InvalidOperationException($"A timer for tick {timer.Tick} is out of reach of a wheel at tick {_now}.");
        int slot = (int)(timer.Tick >> (level * SlotBits)) & Slots - 1;
        (_slots[level * Slots + slot] ??= _spare.TryPop(out List<TimerRange>? spare) ? spare : []).Add(timer);
        _occupied[level] |= 1UL << slot;
    }
}
