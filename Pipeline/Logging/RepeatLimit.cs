namespace Pipeline.Logging;

/// <summary>Lets the first event of a kind through, and of those that follow within an interval the last one with their count, when the interval is over.</summary>
/// <remarks>Threading: any; events are written one at a time. Ownership: disposing of it writes what is owed.</remarks>
/// <param name="interval">Least time between two lines that say the same; zero: no limit.</param>
/// <param name="clock">Its clock.</param>
/// <param name="write">Writes a line.</param>
internal sealed class RepeatLimit(TimeSpan interval, TimeProvider clock, Action<LogEvent> write) : IDisposable
{
    /// <summary>So many kinds are told apart; beyond them, by their templates alone.</summary>
    private const int MostKinds = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Recent> _recent = [];
    private ITimer? _timer;
    private bool _disposed;

    /// <summary>Writes the event, or counts it.</summary>
    public void Offer(LogEvent one)
    {
        lock (_gate)
        {
            if (_disposed || interval <= TimeSpan.Zero)
            {
                write(one);
                return;
            }
            string key = _recent.Count < MostKinds ? one.RepeatKey : one.Template;
            if (_recent.TryGetValue(key, out Recent? before))
            {
                before.Count++;
                before.Latest = one;
                return;
            }
            _recent.Add(key, new Recent { WrittenAt = clock.GetTimestamp() });
            write(one);
            if (_recent.Count == 1) Arm(interval);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            _timer?.Dispose();
            foreach (Recent one in _recent.Values) WriteOwed(one);
        }
    }

    private void IntervalIsOver()
    {
        lock (_gate)
        {
            if (_disposed) return;
            TimeSpan next = interval;
            foreach ((string key, Recent one) in _recent)
            {
                TimeSpan left = interval - clock.GetElapsedTime(one.WrittenAt);
                if (left <= TimeSpan.Zero)
                {
                    if (!WriteOwed(one)) _recent.Remove(key);
                    one.WrittenAt = clock.GetTimestamp();
                }
                else if (left < next)
                {
                    next = left;
                }
            }
            if (_recent.Count > 0) Arm(next);
        }
    }

    private bool WriteOwed(Recent one)
    {
        if (one.Latest is null) return false;
        write(one.Latest with { Repeated = one.Count });
        (one.Latest, one.Count) = (null, 0);
        return true;
    }

    private void Arm(TimeSpan time)
    {
        _timer ??= clock.CreateTimer(static limit => ((RepeatLimit)limit!).IntervalIsOver(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(time, Timeout.InfiniteTimeSpan);
    }

    private sealed class Recent
    {
        public long WrittenAt;
        public int Count;
        public LogEvent? Latest;
    }
}
