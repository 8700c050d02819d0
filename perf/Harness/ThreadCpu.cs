using System.Runtime.InteropServices;

namespace Pipeline.Perf.Harness;

/// <summary>Time the calling thread had a processor: what is left of a wall time when the machine's other load is taken out. Linux only; elsewhere 0.</summary>
internal static partial class ThreadCpu
{
    private const int ThreadClock = 3;

    public static double Milliseconds
    {
        get
        {
            if (!OperatingSystem.IsLinux()) return 0;
            if (GetTime(ThreadClock, out TimeSpec time) != 0) throw new InvalidOperationException("The thread's clock cannot be read.");
            return (time.Seconds * 1e3) + (time.Nanoseconds / 1e6);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
