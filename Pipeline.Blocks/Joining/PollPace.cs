using System.Diagnostics;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// Tells by the first few of many reads whether they come from memory, where one thread is fastest, or from a disk, whose accesses should overlap.
/// Decides nothing but by whom the rest is read.
/// </summary>
/// <remarks>Source: random reads of 1 KiB measured 2 to 5 µs each from the page cache, 40 to 200 µs from disk; eight at once were 4.5 times as fast as one.</remarks>
internal struct PollPace
{
    /// <summary>Reads at once, when they overlap.</summary>
    public const int MostInParallel = 8;

    private const int Probes = 8;
    private const int FewestInParallel = 32;
    private static readonly TimeSpan SlowProbes = TimeSpan.FromMicroseconds(25 * Probes);

    private long _start;
    private int _left;

    /// <summary>Before the first of some reads.</summary>
    public static PollPace Begin(int reads) =>
        reads < FewestInParallel ? default : new PollPace { _start = Stopwatch.GetTimestamp(), _left = Probes };

    /// <summary>After each read: whether the rest should overlap. Says so once.</summary>
    public bool IsSlowAfterRead(int rest) => _left > 0 && --_left == 0 && rest > 0 && Stopwatch.GetElapsedTime(_start) > SlowProbes;
}
