using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Telemetry;

/// <summary>Remembers when a lane had come how far in event time, so that a window that closes can be told when its exposure arrived and was applied.</summary>
/// <remarks>
/// Windows close in the order of their starts, so what is before the last one asked for is let go. Of the rest it keeps <see cref="MostMarks"/> a row: when they are full
/// every other one goes and the spacing doubles, so that a time is off by up to the spacing, a few hundred milliseconds with a 20-minute window.
/// Times before the first mark, of windows that were open at a start, count as reached when this process began.
/// Threading: the lane's. Asked and told once a batch.
/// </remarks>
/// <param name="clock">The clock.</param>
public sealed class LaneTimes(TimeProvider clock)
{
    /// <summary>Most moments kept of each kind.</summary>
    public const int MostMarks = 4096;

    private readonly MarkRow _arrived = new();
    private readonly MarkRow _joined = new();
    private readonly long _began = clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Now, ms.</summary>
    public long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>An event of this time has been handed over by its source.</summary>
    public void Arrived(long eventTime, long at) => _arrived.Note(eventTime, at);

    /// <summary>Every event up to this time is applied.</summary>
    public void Joined(long watermark)
    {
        if (watermark is not (SourcePartition.NoTime or long.MaxValue)) _joined.Note(watermark, Now);
    }

    /// <summary>The times of a window that is closed now.</summary>
    /// <param name="start">Its start: the event time of its exposure. Not before the last one asked for.</param>
    public SampleTimes Close(long start)
    {
        long now = Now;
        // A bounded run's last windows close under a watermark of +∞, which no mark is made of.
        return new SampleTimes(start, _arrived.ReachedAt(start) ?? _began, _joined.ReachedAt(start) ?? now, now);
    }

    /// <summary>Moments, ever later in event time and on the clock.</summary>
    private sealed class MarkRow
    {
        private readonly List<(long EventTime, long At)> _marks = [];
        private int _first;
        private long _spacing = 1;

        public void Note(long eventTime, long at)
        {
            if (_marks.Count > 0 && eventTime - _marks[^1].EventTime < _spacing) return;
            if (_marks.Count == MostMarks) Thin();
            _marks.Add((eventTime, at));
        }

        public long? ReachedAt(long eventTime)
        {
            while (_first < _marks.Count && _marks[_first].EventTime < eventTime) _first++;
            return _first < _marks.Count ? _marks[_first].At : null;
        }

        private void Thin()
        {
            _marks.RemoveRange(0, _first);
            _first = 0;
            if (_marks.Count <= MostMarks / 2) return;
            int kept = 0;
            for (int i = 1; i < _marks.Count; i += 2) _marks[kept++] = _marks[i];
            _marks.RemoveRange(kept, _marks.Count - kept);
            _spacing = Math.Max(_spacing * 2, (_marks[^1].EventTime - _marks[0].EventTime) / MostMarks);
        }
    }
}
