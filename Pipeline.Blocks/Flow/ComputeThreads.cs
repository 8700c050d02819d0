using System.Globalization;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Flow;

/// <summary>
/// Lets the threads that parse, join and format give way to those that move bytes (the Kafka client's, the sinks'), of which there is one where many compute: an equal share of the cores is
/// too little for it.
/// </summary>
/// <remarks>
/// Kafka → Kafka on two cores the producer's thread needs half a core, and had a third while samples were made. What it was behind by the end of a transaction it made up during the commit, alone,
/// with everything else waiting for room: measured, a tenth of the time.
/// Threading: any. Linux only, where niceness is a thread's (<c>setpriority(2)</c>, "C library/kernel differences"); elsewhere nothing. A thread is lowered at its first batch and stays so, as
/// do threads that it starts. Processes of another control group are not concerned.
/// </remarks>
public static partial class ComputeThreads
{
    /// <summary>Environment variable: by how much niceness is raised, 0 to 19; 0: not at all.</summary>
    public const string Variable = "PIPELINE_NICENESS";

    // Records/s, medians of three: 426,329 with 0, 466,687 with 4, 469,960 with 8, 451,192 with 14 (perf/results/2026-11-29-late.md): the least that helps, for who shares the machine.
    private const int Standard = 4;
    private const int Nicest = 19;
    private const int OfThread = 0;
    private static int Niceness;

    [ThreadStatic]
    private static bool GaveWay;

    /// <summary>Makes them give way from now on; for a process that does nothing else.</summary>
    /// <param name="value">The variable's; null, or what is no such number: the standard.</param>
    public static void Arm(string? value) =>
        Niceness = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) && wanted <= Nicest ? wanted : Standard;

    /// <summary>To be called by a thread that computes, each time it begins.</summary>
    public static void GiveWay()
    {
        if (!GaveWay) Lower();
    }

    private static void Lower()
    {
        GaveWay = true;
        // A system that refuses leaves the thread as it is.
        if (Niceness > 0 && OperatingSystem.IsLinux()) _ = SetPriority(OfThread, 0, Math.Min(GetPriority(OfThread, 0) + Niceness, Nicest));
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int value);
}
