namespace Pipeline.Generation;

/// <summary>A seeded log of exposures and their clicks, pulled one event at a time in the order in which they reach the log.</summary>
/// <remarks>
/// Exposure i reaches the log at <c>start + disorder + i / rate</c> and happened up to <c>disorder</c> before; a click reaches it up to
/// <c>disorder</c> after it happened. So no event is more than the disorder behind the newest of the log, in any partition.
/// Memory: the pending clicks (and repeats), about 32 bytes each. Threading: one at a time; allocates nothing per event but for the queue's growth.
/// Ownership: <see cref="Line"/> and <see cref="Key"/> are valid until the next <see cref="MoveNext"/>.
/// </remarks>
public sealed class SyntheticLog(SyntheticLogOptions options)
{
    /// <summary>No click comes later than this after its exposure.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(60);

    private const ulong Times = 3, ClickRepeat = 4;
    private const ulong Click = 1, Repeat = 2;

    // Priorities are unique (arrival, then number of the exposure, then kind), so that equal arrivals leave in one order.
    private readonly PriorityQueue<long, UInt128> _pending = new();
    private readonly EventLines _lines = new(options);
    private readonly long _start = options.Start.ToUnixTimeMilliseconds();
    private readonly double _disorder = options.Disorder.TotalMilliseconds;
    private readonly double _delayMean = options.DelayMean.TotalMilliseconds;
    private readonly double _delayCut = 1 - Math.Exp(-LongestDelay / options.DelayMean);
    private long _next;

    /// <summary>Whether the current event is an exposure; else a click.</summary>
    public bool IsExposure { get; private set; }

    /// <summary>The current event's JSON, without a newline.</summary>
    public ReadOnlySpan<byte> Line => _lines.Line;

    /// <summary>The current event's join key: user and item joined by <c>|</c>.</summary>
    public ReadOnlySpan<byte> Key => _lines.Key;

    /// <summary>Its partition, by the join key.</summary>
    public int Partition => _lines.Partition;

    /// <summary>When it happened, ms since the Unix epoch.</summary>
    public long Time { get; private set; }

    /// <summary>When it reached the log, ms since the Unix epoch; never goes back.</summary>
    public long Arrival { get; private set; }

    /// <summary>Exposures so far, repeats included.</summary>
    public long Exposures { get; private set; }

    /// <summary>Clicks so far, repeats included.</summary>
    public long Clicks { get; private set; }

    /// <summary>Records so far that were sent a second time.</summary>
    public long Repeats { get; private set; }

    /// <summary>Goes to the next event; false at the end.</summary>
    public bool MoveNext()
    {
        bool more = _next < options.Exposures;
        long arrival = more ? _start + (long)(_disorder + _next * 1000.0 / options.Rate) : long.MaxValue;
        if (_pending.TryPeek(out _, out UInt128 first) && (long)(first >> 64) <= arrival) TakePending();
        else if (more) TakeExposure(arrival);
        else return false;
        if (IsExposure) Exposures++;
        else Clicks++;
        return true;
    }

    private void TakePending()
    {
        _pending.TryDequeue(out long time, out UInt128 priority);
        ulong what = (ulong)priority;
        Become((long)(priority >> 64), time, (long)(what >> 2), (what & Click) == 0);
        if ((what & Repeat) != 0) Repeats++;
        else ScheduleRepeat(new SplitMix64(options.Seed, what >> 2, ClickRepeat), what);
    }

    private void TakeExposure(long arrival)
    {
        long number = _next++;
        ulong what = (ulong)number << 2;
        var random = new SplitMix64(options.Seed, (ulong)number, Times);
        long time = arrival - (long)(random.Unit() * _disorder);
        if (random.Unit() < options.Ctr)
        {
            long click = time + (long)(-_delayMean * Math.Log(1 - random.Unit() * _delayCut));
            Schedule(Math.Max(arrival, click + (long)(random.Unit() * _disorder)), click, what | Click);
        }
        Become(arrival, time, number, exposure: true);
        ScheduleRepeat(random, what);
    }

    private void ScheduleRepeat(SplitMix64 random, ulong what)
    {
        if (options.Duplicates > 0 && random.Unit() < options.Duplicates)
            Schedule(Arrival + (long)(random.Unit() * (Time + _disorder - Arrival)), Time, what | Repeat);
    }

    private void Schedule(long arrival, long time, ulong what) => _pending.Enqueue(time, new UInt128((ulong)arrival, what));

    private void Become(long arrival, long time, long number, bool exposure)
    {
        Arrival = arrival;
        Time = time;
        IsExposure = exposure;
        if (exposure) _lines.WriteExposure(number, time);
        else _lines.WriteClick(number, time);
    }
}
