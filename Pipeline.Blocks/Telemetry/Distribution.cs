using HdrHistogram;

namespace Pipeline.Blocks.Telemetry;

/// <summary>How often which duration was seen: percentiles to two digits, sum and extremes exactly.</summary>
/// <remarks>Threading: any; locked. Fed once a batch. About 60 KB.</remarks>
public sealed class Distribution
{
    /// <summary>Longer ones count as this: ten years, for logs of long ago are replayed too.</summary>
    public const long LongestMs = 10L * 366 * 24 * 3600 * 1000;

    private const int Digits = 2;
    private readonly Lock _gate = new();
    private readonly LongHistogram _counts = new(LongestMs, Digits);
    private long _count;
    private double _sum;
    private double _squares;
    private long _last;
    private long _least = long.MaxValue;
    private long _greatest;

    /// <summary>Counts a duration.</summary>
    /// <param name="ms">Ms; below 0 it counts as 0.</param>
    /// <param name="times">How often.</param>
    public void Add(long ms, long times = 1)
    {
        if (times <= 0) return;
        ms = Math.Clamp(ms, 0, LongestMs);
        lock (_gate)
        {
            _counts.RecordValueWithCount(ms, times);
            _count += times;
            _sum += ms * (double)times;
            _squares += ms * (double)ms * times;
            _last = ms;
            _least = Math.Min(_least, ms);
            _greatest = Math.Max(_greatest, ms);
        }
    }

    /// <summary>What was counted so far, in seconds.</summary>
    public DistributionReading Read()
    {
        lock (_gate)
        {
            if (_count == 0) return default;
            double mean = _sum / _count;
            return new DistributionReading
            {
                Count = _count,
                Sum = _sum / 1e3,
                Last = _last / 1e3,
                Min = _least / 1e3,
                Max = _greatest / 1e3,
                Mean = mean / 1e3,
                StdDev = Math.Sqrt(Math.Max(0, (_squares / _count) - (mean * mean))) / 1e3,
                Median = At(50),
                P75 = At(75),
                P95 = At(95),
                P98 = At(98),
                P99 = At(99),
                P999 = At(99.9),
            };
        }
    }

    private double At(double percentile) => Math.Clamp(_counts.GetValueAtPercentile(percentile), _least, _greatest) / 1e3;
}

/// <summary>A distribution at one moment, s.</summary>
public readonly record struct DistributionReading
{
    /// <summary>How many.</summary>
    public long Count { get; init; }

    /// <summary>Their sum.</summary>
    public double Sum { get; init; }

    /// <summary>The last one.</summary>
    public double Last { get; init; }

    /// <summary>The shortest.</summary>
    public double Min { get; init; }

    /// <summary>The longest.</summary>
    public double Max { get; init; }

    /// <summary>Sum over count.</summary>
    public double Mean { get; init; }

    /// <summary>Standard deviation.</summary>
    public double StdDev { get; init; }

    /// <summary>Half are at most so long.</summary>
    public double Median { get; init; }

    /// <summary>75 of 100 are at most so long.</summary>
    public double P75 { get; init; }

    /// <summary>95 of 100.</summary>
    public double P95 { get; init; }

    /// <summary>98 of 100.</summary>
    public double P98 { get; init; }

    /// <summary>99 of 100.</summary>
    public double P99 { get; init; }

    /// <summary>999 of 1,000.</summary>
    public double P999 { get; init; }
}
