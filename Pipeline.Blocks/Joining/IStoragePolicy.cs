namespace Pipeline.Blocks.Joining;

/// <summary>Decides whether a failed write of state is repeated, for a full disk passes and losing the lane over it helps nobody.</summary>
/// <remarks>Threading: called on a device's own thread, several at once; may block there for its delay, until <c>stopping</c> is signalled.</remarks>
public interface IStoragePolicy
{
    /// <summary>Whether to repeat the same write now. False gives it up, which faults the device.</summary>
    /// <param name="failure">What failed.</param>
    /// <param name="attempt">1 for the first failure of this write, 2 for the next …</param>
    /// <param name="stopping">Signalled when the device is closed.</param>
    bool Repeat(DeviceFault failure, int attempt, CancellationToken stopping);
}

/// <summary>The first error is final.</summary>
public sealed class NoRepeat : IStoragePolicy
{
    /// <summary>The one instance.</summary>
    public static NoRepeat Instance { get; } = new();

    /// <inheritdoc/>
    public bool Repeat(DeviceFault failure, int attempt, CancellationToken stopping) => false;
}

/// <summary>Repeats I/O errors (disk full, quota, EIO) with a growing delay until a limit; any other error is final at once.</summary>
/// <param name="clock">Clock of the delays.</param>
/// <param name="limit">How long one write is repeated; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
/// <param name="report">Told of the first failure of each write, to say what holds progress.</param>
/// <param name="waits">Told of every failure, and how long it is waited before the next attempt.</param>
public sealed class RepeatWrites(TimeProvider clock, TimeSpan limit, Action<DeviceFault>? report = null, Action<DeviceFault, TimeSpan>? waits = null) : IStoragePolicy
{
    private const int Doublings = 6;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public bool Repeat(DeviceFault failure, int attempt, CancellationToken stopping)
    {
        if (failure.Cause is not IOException) return false;
        if (attempt == 1) report?.Invoke(failure);
        if (limit != Timeout.InfiniteTimeSpan && Waited(attempt) >= limit) return false;
        waits?.Invoke(failure, DelayAfter(attempt));
        try
        {
            Task.Delay(DelayAfter(attempt), clock, stopping).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static TimeSpan DelayAfter(int attempt) => attempt > Doublings ? LongestDelay : FirstDelay * (1 << (attempt - 1));

    // The sum of the delays before this attempt.
    private static TimeSpan Waited(int attempt)
    {
        int doubled = Math.Min(attempt - 1, Doublings);
        return (FirstDelay * ((1 << doubled) - 1)) + (LongestDelay * (attempt - 1 - doubled));
    }
}
