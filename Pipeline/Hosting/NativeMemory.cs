using System.Runtime.InteropServices;

namespace Pipeline.Hosting;

/// <summary>Tells glibc's malloc to keep the memory it has: the Kafka client allocates and frees a buffer for every request and a message for every record.</summary>
/// <remarks>
/// With the defaults, buffers of a mebibyte are mapped and unmapped each time, and heaps grow and shrink by small steps; every page is then faulted in again. Measured, Kafka →
/// Kafka: 14 % of the process's CPU (perf/results/2026-11-24-speed.md). Memory: what was once needed is kept. Elsewhere than on glibc nothing is done.
/// Source of the parameters: <c>mallopt(3)</c>.
/// </remarks>
internal static partial class NativeMemory
{
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;

    // The most that glibc takes: half of a heap of a thread.
    private const int LargestThreshold = 32 << 20;

    /// <summary>Sets it for the process; before the first client is made.</summary>
    public static void Keep()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetOption(MmapThreshold, LargestThreshold);
            _ = SetOption(TrimThreshold, 1 << 30);
            _ = SetOption(TopPad, 16 << 20);
        }
        catch (Exception absent) when (absent is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library: it goes by its own rules.
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}
