using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Telemetry;

/// <summary>What a sink says of its commits, and of the age of what it delivered.</summary>
/// <remarks>Threading: told by the sink, one call at a time; read by any.</remarks>
/// <param name="clock">The clock.</param>
/// <param name="ages">Age of delivered samples.</param>
public sealed class SinkTelemetry(TimeProvider clock, SampleAges ages)
{
    private readonly List<(SampleTimes Times, int Samples)> _held = [];
    private long _commits;
    private long _aborts;
    private long _fenced;
    private long _committedAt = clock.GetTimestamp();

    /// <summary>Age of delivered samples.</summary>
    public SampleAges Ages { get; } = ages;

    /// <summary>How long commits took.</summary>
    public Distribution CommitTime { get; } = new(clock);

    /// <summary>Commits of this process.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Transactions that were aborted, or given up with their client.</summary>
    public long Aborts => Volatile.Read(ref _aborts);

    /// <summary>1 once a newer instance has taken over.</summary>
    public long Fenced => Volatile.Read(ref _fenced);

    /// <summary>Time since the last commit, or since the start.</summary>
    public TimeSpan SinceCommit => clock.GetElapsedTime(Volatile.Read(ref _committedAt));

    /// <summary>The moment a commit is begun.</summary>
    public long Now => clock.GetTimestamp();

    /// <summary>A commit is through.</summary>
    public void Committed(long began)
    {
        Interlocked.Increment(ref _commits);
        CommitTime.Add((long)clock.GetElapsedTime(began).TotalMilliseconds);
        Volatile.Write(ref _committedAt, clock.GetTimestamp());
    }

    /// <summary>A transaction is aborted, or given up with its client.</summary>
    public void Aborted() => Interlocked.Increment(ref _aborts);

    /// <summary>A newer instance has taken over.</summary>
    public void WasFenced() => Interlocked.Increment(ref _fenced);

    /// <summary>A batch's samples are delivered.</summary>
    public void Delivered(OutputBatch batch) => Ages.Add(batch.Times, batch.Count, clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>A batch's samples are written, and delivered later.</summary>
    public void Hold(OutputBatch batch)
    {
        if (batch.Times.Any) _held.Add((batch.Times, batch.Count));
    }

    /// <summary>What is held by now: that is what a commit begun now delivers.</summary>
    public HeldSamples TakeHeld()
    {
        var taken = new HeldSamples([.. _held]);
        _held.Clear();
        return taken;
    }

    /// <summary>What was held is delivered. Beside <see cref="Hold"/>.</summary>
    public void Deliver(HeldSamples held)
    {
        long now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach ((SampleTimes times, int samples) in held.Batches ?? []) Ages.Add(times, samples, now);
    }
}

/// <summary>Samples that are written and not delivered yet.</summary>
/// <param name="Batches">When the samples of each batch passed the stages, and how many they are.</param>
public readonly record struct HeldSamples((SampleTimes Times, int Samples)[]? Batches);
