using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads the clock, out-of-orderness, idleness and bounds: keys at the root of the job.</summary>
internal static class TimeSection
{
    /// <summary>Longest time-out: what a timer of the framework takes (2³² ms), in whole days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    /// <summary>Longest span of event time: the events of a log may lie years apart, and no timer runs for it.</summary>
    public static readonly TimeSpan LongestSpan = TimeSpan.FromDays(3650);

    /// <summary>Reads it.</summary>
    public static TimeOptions Read(SectionReader job)
    {
        var defaults = new TimeOptions();
        return new TimeOptions
        {
            Mode = job.Choice("time", Choices.Time, defaults.Mode),
            OutOfOrderness = job.Duration("out_of_orderness", defaults.OutOfOrderness, TimeSpan.Zero, LongestSpan),
            IdleTimeout = job.Duration("idle_timeout", defaults.IdleTimeout, TimeSpan.Zero, Longest),
            MaxDrift = job.Duration("max_drift", defaults.MaxDrift, TimeSpan.Zero, LongestSpan),
            MaxFuture = job.Duration("max_future", defaults.MaxFuture, TimeSpan.Zero, LongestSpan),
        };
    }
}
