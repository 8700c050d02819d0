using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration;

/// <summary>A whole job, checked: the job file with flags and environment over it. Every default stands at its property.</summary>
public sealed record JobOptions
{
    /// <summary>Consumer group, transactional id and metric label.</summary>
    public required string Job { get; init; }

    /// <summary>Watermarks, idleness, bounds.</summary>
    public TimeOptions Time { get; init; } = new();

    /// <summary>The window.</summary>
    public WindowOptions Window { get; init; } = new();

    /// <summary>Inputs, in the order of the file; exactly one has the role exposure.</summary>
    public required IReadOnlyList<StreamOptions> Streams { get; init; }

    /// <summary>Most bytes of a record; a longer one is rejected as <c>too_large</c>.</summary>
    public int MaxRecordBytes { get; init; } = 1 << 20;

    /// <summary>Shape of samples.</summary>
    public OutputOptions Output { get; init; } = new();

    /// <summary>Where samples go.</summary>
    public required SinkOptions Sink { get; init; }

    /// <summary>Where dead letters go; null: nowhere.</summary>
    public SinkOptions? DeadLetter { get; init; }

    /// <summary>Whether missing output, progress and dead-letter topics are created.</summary>
    public bool CreateTopics { get; init; } = true;

    /// <summary>What a reader of committed output may count on.</summary>
    public DeliveryMode Delivery { get; init; } = DeliveryMode.ExactlyOnce;

    /// <summary>State.</summary>
    public required StateOptions State { get; init; }

    /// <summary>Parallelism.</summary>
    public ParallelismOptions Parallelism { get; init; } = new();

    /// <summary>Hot keys.</summary>
    public SkewOptions Skew { get; init; } = new();

    /// <summary>How long an unavailable disk or broker is waited for; infinite: for ever.</summary>
    public TimeSpan UnavailableLimit { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Directory of the job file, which relative paths start from.</summary>
    public string BaseDirectory { get; init; } = "";
}
