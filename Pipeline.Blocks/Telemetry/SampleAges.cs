using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Telemetry;

/// <summary>A part of a sample's age.</summary>
public enum AgeStage
{
    /// <summary>From the exposure's event time until a source handed it over.</summary>
    Ingest,

    /// <summary>Until the watermark passed it and it was applied.</summary>
    Join,

    /// <summary>Until its window closed: the window's length and what the watermark was held up by.</summary>
    Close,

    /// <summary>Until its sample was committed, or delivered at least once.</summary>
    Commit,

    /// <summary>From the event to the commit: the sum of the others.</summary>
    Total,
}

/// <summary>How old samples are as they are committed, in stages that add up.</summary>
/// <remarks>
/// Worked example: event 10:00:00.000, arrived 10:00:00.300, joined 10:00:10.400, closed 10:20:10.500, committed 10:20:10.900: 0.3 + 10.1 + 1200.1 + 0.4 = 1210.9 s.
/// A time that lies before the one of the stage before it counts as that one, so that the sum holds with any clock.
/// Threading: any. Fed once a batch, with as many times as it has samples.
/// </remarks>
/// <param name="window">Length of a window: what a sample waits for by intent.</param>
/// <param name="target">How long behind its window's end a sample may come and satisfy.</param>
/// <param name="clock">The clock.</param>
public sealed class SampleAges(TimeSpan window, TimeSpan target, TimeProvider clock)
{
    private readonly long _window = (long)window.TotalMilliseconds;
    private readonly Distribution[] _stages = [.. Enum.GetValues<AgeStage>().Select(_ => new Distribution(clock))];

    /// <summary>A stage's.</summary>
    public Distribution this[AgeStage stage] => _stages[(int)stage];

    /// <summary>How content one may be with the time from the windows' ends to the commits.</summary>
    public Apdex Apdex { get; } = new(target);

    /// <summary>A batch's samples are committed.</summary>
    public void Add(in SampleTimes times, int samples, long committed)
    {
        if (!times.Any) return;
        long arrived = Math.Max(times.Event, times.Arrived);
        long joined = Math.Max(arrived, times.Joined);
        long closed = Math.Max(joined, times.Closed);
        committed = Math.Max(closed, committed);
        this[AgeStage.Ingest].Add(arrived - times.Event, samples);
        this[AgeStage.Join].Add(joined - arrived, samples);
        this[AgeStage.Close].Add(closed - joined, samples);
        this[AgeStage.Commit].Add(committed - closed, samples);
        this[AgeStage.Total].Add(committed - times.Event, samples);
        Apdex.Add(committed - times.Event - _window, samples);
    }
}
