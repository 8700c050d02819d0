namespace Pipeline.Hosting;

/// <summary>What this process used so far.</summary>
/// <param name="Seconds">Wall time since the run began.</param>
/// <param name="ReadingSeconds">Of it, since sources were first read.</param>
/// <param name="CpuSeconds">User and system time since the process began.</param>
/// <param name="PeakRssBytes">Greatest resident memory.</param>
public readonly record struct ProcessUse(double Seconds, double ReadingSeconds, double CpuSeconds, long PeakRssBytes)
{
    /// <summary>Asks the operating system.</summary>
    /// <param name="began">Timestamp of the run's beginning.</param>
    /// <param name="read">Timestamp at which sources were first read; null: not yet.</param>
    /// <param name="clock">The clock.</param>
    public static ProcessUse Since(long began, long? read, TimeProvider clock)
    {
        double reading = read is { } at ? clock.GetElapsedTime(at).TotalSeconds : 0;
        return new ProcessUse(clock.GetElapsedTime(began).TotalSeconds, reading, Environment.CpuUsage.TotalTime.TotalSeconds, ProcessStatus.Now().PeakRssBytes);
    }
}
