using System.Globalization;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Flow;

/// <summary>
/// Lets the threads that parse, join and format give way to those that move bytes (the Kafka client's, the transactions', the disk's), of which there is one where many compute: an equal share
/// of the cores is too little for it.
/// </summary>
/// <remarks>
/// Kafka → Kafka on two cores the producing thread needs half a core, and had a third while samples were made. What it was behind by the end of a transaction it made up during the commit, alone,
/// with everything else waiting for room: a tenth of the time (perf/results/2026-11-29-late.md).
/// Threading: any. Linux only, where niceness is a thread's (<c>setpriority(2)</c>, "BUGS"); elsewhere nothing. A thread is lowered at its first batch and stays so; threads that it starts, other workers
/// of the pool among them, begin as low, and no lower: the aim is one for the process.
/// </remarks>
public static partial class ComputeThreads
{
    /// <summary>Environment variable: by how much niceness is raised, 0 to 19; 0: not at all. Empty or none: by 4.</summary>
    public const string Variable = "PIPELINE_NICENESS";

    private const int Standard = 4;
    private const int Nicest = 19;
    private const int OfThread = 0;

    // Below every thread's niceness: nothing is done.
    private static int Aim = int.MinValue;

    [ThreadStatic]
    private static bool GaveWay;

    /// <summary>Makes them give way from now on; called by a process that does nothing else, on its first thread.</summary>
    /// <param name="value">The variable's.</param>
    /// <returns>What is wrong with the value; null: nothing.</returns>
    public static string? Arm(string? value)
    {
        int more = Standard;
        if (!string.IsNullOrEmpty(value) && !(int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out more) && more <= Nicest))
            return $"{Variable} takes a whole number from 0 to {Nicest}, found '{value}'";
        if (more > 0 && OperatingSystem.IsLinux()) Aim = Math.Min(GetPriority(OfThread, 0) + more, Nicest);
        return null;
    }

    /// <summary>To be called by a thread that computes, each time it begins.</summary>
    public static void GiveWay()
    {
        if (!GaveWay) Lower();
    }

    private static void Lower()
    {
        GaveWay = true;
        // A system that refuses leaves the thread as it is.
        if (Aim > int.MinValue && GetPriority(OfThread, 0) < Aim) _ = SetPriority(OfThread, 0, Aim);
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int value);
}
