using System.Diagnostics;

namespace Pipeline.Hosting;

/// <summary>What this process used so far.</summary>
/// <param name="Seconds">Wall time since the run began.</param>
/// <param name="CpuSeconds">User and system time since the process began.</param>
/// <param name="PeakRssBytes">Greatest resident memory.</param>
public readonly record struct ProcessUse(double Seconds, double CpuSeconds, long PeakRssBytes)
{
    /// <summary>Asks the operating system.</summary>
    public static ProcessUse Since(long began, TimeProvider clock)
    {
        using var process = Process.GetCurrentProcess();
        return new ProcessUse(clock.GetElapsedTime(began).TotalSeconds, process.TotalProcessorTime.TotalSeconds, process.PeakWorkingSet64);
    }
}
