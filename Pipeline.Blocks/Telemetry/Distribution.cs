using HdrHistogram;

namespace Pipeline.Blocks.Telemetry;

/// <summary>How often which duration was seen: count and sum of all; of recent ones percentiles to two digits, and extremes exactly.</summary>
/// <remarks>
/// Recent are those of the last one to two <see cref="Window"/>s before the last one: two parts take turns, and an old one is emptied as a new value comes. Where nothing
/// more comes the last that came stay, so that a percentile is never made of nothing.
/// Threading: any; locked. Fed once a batch. About 100 KB.
/// </remarks>
/// <param name="clock">The clock.</param>
public sealed class Distribution(TimeProvider clock)
{
    /// <summary>Longer ones count as this: ten years, for logs of long ago are replayed too.</summary>
    public const long LongestMs = 10L * 366 * 24 * 3600 * 1000;

    /// <summary>How long a part is added to: several scrapes and checkpoints long, and short enough that a percentile tells of now.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private const int Digits = 2;
    private readonly Lock _gate = new();
    private readonly LongHistogram _both = new(LongestMs, Digits);
    private Part _now = new();
    private Part _before = new();
    private long _began = clock.GetTimestamp();
    private long _count;
    private double _sum;
    private long _last;

    /// <summary>Counts a duration.</summary>
    /// <param name="ms">Ms; below 0 it counts as 0.</param>
    /// <param name="times">How often.</param>
    public void Add(long ms, long times = 1)
    {
        if (times <= 0) return;
        ms = Math.Clamp(ms, 0, LongestMs);
        lock (_gate)
        {
            Turn(clock.GetTimestamp());
            _now.Add(ms, times);
            _count += times;
            _sum += ms * (double)times;
            _last = ms;
        }
    }

    /// <summary>What was counted so far, in seconds.</summary>
    public DistributionReading Read()
    {
        lock (_gate)
        {
            if (_count == 0) return default;
            _both.Reset();
            _both.Add(_before.Counts);
            _both.Add(_now.Counts);
            long recent = _before.Count + _now.Count;
            double mean = (_before.Sum + _now.Sum) / recent;
            double square = (_before.Squares + _now.Squares) / recent;
            return new DistributionReading
            {
                Count = _count,
                Sum = _sum / 1e3,
                Recent = recent,
                Last = _last / 1e3,
                Min = Least / 1e3,
                Max = Greatest / 1e3,
                Mean = mean / 1e3,
                StdDev = Math.Sqrt(Math.Max(0, square - (mean * mean))) / 1e3,
                Median = At(50),
                P75 = At(75),
                P95 = At(95),
                P98 = At(98),
                P99 = At(99),
                P999 = At(99.9),
            };
        }
    }

    private long Least => Math.Min(_before.Least, _now.Least);

    private long Greatest => Math.Max(_before.Greatest, _now.Greatest);

    private void Turn(long now)
    {
        TimeSpan age = clock.GetElapsedTime(_began, now);
        if (age < Window) return;
        (_before, _now) = (_now, _before);
        _now.Clear();
        if (age >= 2 * Window) _before.Clear();
        _began = now;
    }

    private double At(double percentile) => Math.Clamp(_both.GetValueAtPercentile(percentile), Least, Greatest) / 1e3;

    /// <summary>What came in one window.</summary>
    private sealed class Part
    {
        public LongHistogram Counts { get; } = new(LongestMs, Digits);

        public long Count { get; private set; }

        public double Sum { get; private set; }

        public double Squares { get; private set; }

        public long Least { get; private set; } = long.MaxValue;

        public long Greatest { get; private set; }

        public void Add(long ms, long times)
        {
            Counts.RecordValueWithCount(ms, times);
            Count += times;
            Sum += ms * (double)times;
            Squares += ms * (double)ms * times;
            Least = Math.Min(Least, ms);
            Greatest = Math.Max(Greatest, ms);
        }

        public void Clear()
        {
            Counts.Reset();
            (Count, Sum, Squares, Least, Greatest) = (0, 0, 0, long.MaxValue, 0);
        }
    }
}
