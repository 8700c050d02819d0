using Pipeline.Blocks.Telemetry;

namespace Pipeline.Checkpoints;

/// <summary>What checkpoints take, for reports.</summary>
/// <remarks>Threading: told by one, read by any.</remarks>
/// <param name="clock">The clock.</param>
internal sealed class CheckpointTelemetry(TimeProvider clock)
{
    private long _at = clock.GetTimestamp();
    private long _taken;
    private long _failed;
    private long _bytes;

    /// <summary>From the barrier to the manifest.</summary>
    public Distribution Duration { get; } = new(clock);

    /// <summary>How long the lane that was held longest was.</summary>
    public Distribution Pause { get; } = new(clock);

    /// <summary>Taken by this process.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Failed.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Bytes of the last one's snapshots.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Since the last one, or since the start.</summary>
    public TimeSpan Age => clock.GetElapsedTime(Volatile.Read(ref _at));

    /// <summary>One is taken.</summary>
    public void Took(long began, TimeSpan pause, long bytes)
    {
        Duration.Add((long)clock.GetElapsedTime(began).TotalMilliseconds);
        Pause.Add((long)Math.Ceiling(pause.TotalMilliseconds));
        Volatile.Write(ref _bytes, bytes);
        Volatile.Write(ref _at, clock.GetTimestamp());
        Interlocked.Increment(ref _taken);
    }

    /// <summary>One has failed.</summary>
    public void Fail() => Interlocked.Increment(ref _failed);
}
