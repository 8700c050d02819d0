using System.Diagnostics;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// Tells by the first few of many reads whether they come from memory, where one thread is fastest, or from a disk, whose accesses should overlap.
/// Decides nothing but by whom the rest is read.
/// </summary>
/// <remarks>
/// Source: a random read from the page cache takes 3 µs (perf/results/2026-11-29.md: "Windows on disk that are touched") to 5, one from disk 202, and 45 where they overlap
/// (perf/results/2026-11-24.md: "What a record costs where", "What did not help").
/// </remarks>
internal struct PollPace
{
    /// <summary>Reads at once, when they overlap.</summary>
    public const int MostInParallel = 8;

    // Few enough for one thread to have paid little when the disk is slow, and a quarter of the fewest reads that are worth other threads. Not measured.
    private const int Probes = 8;
    private const int FewestInParallel = 32;
    // Between what a read takes from memory and from disk.
    private static readonly TimeSpan SlowProbes = TimeSpan.FromMicroseconds(25 * Probes);

    private long _start;
    private int _left;

    /// <summary>Before the first of some reads.</summary>
    public static PollPace Begin(int reads) =>
        reads < FewestInParallel ? default : new PollPace { _start = Stopwatch.GetTimestamp(), _left = Probes };

    /// <summary>After each read: whether the rest should overlap. Says so once.</summary>
    public bool IsSlowAfterRead(int rest) => _left > 0 && --_left == 0 && rest > 0 && Stopwatch.GetElapsedTime(_start) > SlowProbes;
}
