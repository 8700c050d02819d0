namespace Pipeline.Reports;

/// <summary>Rates of something that is counted, smoothed over 1, 5 and 15 minutes as a Unix load average is.</summary>
/// <remarks>
/// Each tick: rate += (1 − e^(−dt/T)) · (now − rate). The first tick's rate is taken as it is. Threading: one thread.
/// </remarks>
/// <param name="baseline">The count at the start; what a checkpoint brought is no rate of this process.</param>
internal sealed class RateMeter(double baseline)
{
    private readonly double _first = baseline;
    private double _last = baseline;
    private double _seconds;
    private double _one, _five, _fifteen;

    /// <summary>Takes the count after so much time.</summary>
    public void Tick(double total, TimeSpan passed)
    {
        double seconds = passed.TotalSeconds;
        if (seconds <= 0) return;
        double now = Math.Max(0, total - _last) / seconds;
        bool first = _seconds == 0;
        (_last, _seconds) = (total, _seconds + seconds);
        _one = first ? now : Smooth(_one, now, seconds, 60);
        _five = first ? now : Smooth(_five, now, seconds, 300);
        _fifteen = first ? now : Smooth(_fifteen, now, seconds, 900);
    }

    /// <summary>The rates a second.</summary>
    public Rates Read() => new(_seconds == 0 ? 0 : Math.Max(0, _last - _first) / _seconds, _one, _five, _fifteen);

    private static double Smooth(double rate, double now, double seconds, double over) => rate + ((1 - Math.Exp(-seconds / over)) * (now - rate));
}

/// <summary>Rates a second.</summary>
/// <param name="Mean">Since the start.</param>
/// <param name="OneMinute">Over about a minute.</param>
/// <param name="FiveMinutes">Over about five.</param>
/// <param name="FifteenMinutes">Over about fifteen.</param>
internal readonly record struct Rates(double Mean, double OneMinute, double FiveMinutes, double FifteenMinutes)
{
    /// <summary>The sum.</summary>
    public static Rates operator +(Rates a, Rates b) => new(a.Mean + b.Mean, a.OneMinute + b.OneMinute, a.FiveMinutes + b.FiveMinutes, a.FifteenMinutes + b.FifteenMinutes);
}
