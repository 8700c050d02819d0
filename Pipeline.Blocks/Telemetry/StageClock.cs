namespace Pipeline.Blocks.Telemetry;

/// <summary>How a stage spends its time and what went through it; read by reports.</summary>
/// <remarks>Threading: added to once a batch by any worker of the stage, read by anyone.</remarks>
/// <param name="stage">Name of the stage.</param>
/// <param name="clock">The clock.</param>
public sealed class StageClock(string stage, TimeProvider clock)
{
    private long _busyTicks;
    private long _items;
    private long _batches;

    /// <summary>Name of the stage.</summary>
    public string Stage { get; } = stage;

    /// <summary>Seconds of work, over all workers.</summary>
    public double BusySeconds => Volatile.Read(ref _busyTicks) / (double)clock.TimestampFrequency;

    /// <summary>Records, events or samples that went through.</summary>
    public long Items => Volatile.Read(ref _items);

    /// <summary>Batches that went through.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>The moment a batch is begun or taken up again.</summary>
    public long Now => clock.GetTimestamp();

    /// <summary>Counts work done since <paramref name="began"/>.</summary>
    public void Worked(long began, int items)
    {
        Interlocked.Add(ref _busyTicks, clock.GetTimestamp() - began);
        if (items == 0) return;
        Interlocked.Add(ref _items, items);
        Interlocked.Increment(ref _batches);
    }
}
