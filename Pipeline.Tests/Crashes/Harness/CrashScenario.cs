namespace Pipeline.Tests.Crashes;

/// <summary>What runs while it is crashed: where the log comes from, how it comes, where the samples go.</summary>
internal sealed record CrashScenario
{
    /// <summary>Partitions of each stream, and of the output topic.</summary>
    public const int Partitions = 4;

    /// <summary>D: an on-time event is no further behind than half of it.</summary>
    public static readonly TimeSpan OutOfOrderness = TimeSpan.FromSeconds(2);

    /// <summary>W.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    /// <summary>Name of the job and prefix of its topics; no other run may have it.</summary>
    public required string Name { get; init; }

    /// <summary>Of the log.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Whether the log is files; else topics.</summary>
    public bool FileInput { get; init; }

    /// <summary>Whether samples go to files; else to a topic.</summary>
    public bool FileOutput { get; init; }

    /// <summary>
    /// Exposures of a log that is there before the first start, and read by <c>--until-end</c>; null: a log that goes on being written while the program is
    /// killed, read without an end and stopped by a signal.
    /// </summary>
    public long? BoundedExposures { get; init; }

    /// <summary>Pace of a log that goes on, records a second of the clock. One second brings 15 s of event time.</summary>
    public int RecordsPerSecond { get; init; } = 4000;

    /// <summary>Time between checkpoints.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The sink's transaction.timeout.ms; null: the program's own.</summary>
    public TimeSpan? TransactionTimeout { get; init; }

    /// <summary>
    /// How long one click partition brings nothing, again and again, with partitions idle after half of it: its clicks then come below the join's watermark.
    /// Null: nothing is ever idle, and the samples depend on the input alone.
    /// </summary>
    public TimeSpan? Silence { get; init; }

    /// <summary>How long a log that goes on still does after the first sample of the last start.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The job's skew; empty: its defaults.</summary>
    public string Skew { get; init; } = "";

    /// <summary>Whether dead letters are written, and checked.</summary>
    public bool Letters { get; init; } = true;

    /// <summary>Whether the program has one core only.</summary>
    public bool OneCore { get; init; }

    /// <summary>Whether the input has an end.</summary>
    public bool IsBounded => BoundedExposures is not null;

    /// <summary>Whether a broker is needed.</summary>
    public bool NeedsBroker => !(FileInput && FileOutput);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(FileInput ? "files" : "Kafka")} → {(FileOutput ? "files" : "Kafka")}, {(IsBounded ? $"bounded ({BoundedExposures} exposures)" : $"going on ({RecordsPerSecond} records/s)")}"
        + $"{(OneCore ? ", one core" : "")}{(Silence is { } silence ? $", a click partition silent for {silence.TotalSeconds} s at a time" : "")}, job {Name}, seed {Seed}";
}

/// <summary>A broker that may be stalled.</summary>
/// <param name="Bootstrap">host:port.</param>
/// <param name="Pids">Its processes.</param>
internal sealed record CrashBroker(string Bootstrap, IReadOnlyList<int> Pids);
