using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Topology;

/// <summary>What a topology is linked from: made from a job by <c>JobParts</c>, or by a test from its own doubles.</summary>
public sealed record TopologyParts
{
    /// <summary>Parallelism and capacities.</summary>
    public required ParallelismOptions Parallelism { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>All source partitions.</summary>
    public required PartitionDirectory Directory { get; init; }

    /// <summary>Record batches.</summary>
    public required RecordBatchPool Records { get; init; }

    /// <summary>The inputs.</summary>
    public required IReadOnlyList<ISource> Sources { get; init; }

    /// <summary>Each source's clock; empty where sources do not tell of their work.</summary>
    public IReadOnlyList<StageClock> SourceTimes { get; init; } = [];

    /// <summary>Shared by the parse workers.</summary>
    public required IRecordParser Parser { get; init; }

    /// <summary>Lateness and the watermark.</summary>
    public required Partitioner Partitioner { get; init; }

    /// <summary>Each lane's join.</summary>
    public required IReadOnlyList<LaneJoin> Lanes { get; init; }

    /// <summary>Each lane's salts, lane after lane, as many each as the partitioner deals to; none where nothing is salted.</summary>
    public IReadOnlyList<Salt> Salts { get; init; } = [];

    /// <summary>Makes a formatter for one worker.</summary>
    public required Func<ISampleFormatter> Formatter { get; init; }

    /// <summary>Number of validation rules.</summary>
    public required int ValidationRules { get; init; }

    /// <summary>Counts of samples to go on from; null: from nothing.</summary>
    public FormatCounts? Formatted { get; init; }

    /// <summary>Number of action streams.</summary>
    public required int ActionStreams { get; init; }

    /// <summary>Where samples go.</summary>
    public required ISampleSink Sink { get; init; }

    /// <summary>Where dead letters go; null: nowhere, and none are made.</summary>
    public IDeadLetterSink? DeadLetters { get; init; }
}
