namespace Pipeline.Blocks.Telemetry;

/// <summary>How content one who waits for samples may be: the part that came within a target, and half of those within four times as much.</summary>
/// <remarks>Score = (satisfied + tolerating / 2) / all; 1 without any. See apdex.org. Threading: told by one, read by any.</remarks>
/// <param name="target">What satisfies.</param>
public sealed class Apdex(TimeSpan target)
{
    private readonly long _targetMs = (long)target.TotalMilliseconds;
    private long _satisfied, _tolerating, _frustrating;

    /// <summary>What satisfies.</summary>
    public TimeSpan Target => target;

    /// <summary>Counts a wait.</summary>
    public void Add(long ms, long times)
    {
        if (ms <= _targetMs) Interlocked.Add(ref _satisfied, times);
        else if (ms <= 4 * _targetMs) Interlocked.Add(ref _tolerating, times);
        else Interlocked.Add(ref _frustrating, times);
    }

    /// <summary>The counts so far.</summary>
    public ApdexReading Read() => new(Volatile.Read(ref _satisfied), Volatile.Read(ref _tolerating), Volatile.Read(ref _frustrating));
}

/// <summary>Counts of waits.</summary>
/// <param name="Satisfied">Within the target.</param>
/// <param name="Tolerating">Within four times as much.</param>
/// <param name="Frustrating">Longer.</param>
public readonly record struct ApdexReading(long Satisfied, long Tolerating, long Frustrating)
{
    /// <summary>All.</summary>
    public long Count => Satisfied + Tolerating + Frustrating;

    /// <summary>0 to 1.</summary>
    public double Score => Count == 0 ? 1 : (Satisfied + (Tolerating / 2.0)) / Count;
}
