using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Telemetry;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Topology;

namespace Pipeline.Hosting;

/// <summary>A run as reports see it: everything they read, and nothing that they change.</summary>
internal sealed record RunView
{
    /// <summary>The job.</summary>
    public required JobOptions Job { get; init; }

    /// <summary>The blocks.</summary>
    public required SampleTopology Topology { get; init; }

    /// <summary>Watermarks and positions.</summary>
    public required Partitioner Partitioner { get; init; }

    /// <summary>What checkpoints take.</summary>
    public required CheckpointTelemetry Checkpoints { get; init; }

    /// <summary>Positions of the oldest kept checkpoint.</summary>
    public required Func<IReadOnlyList<(Blocks.Records.SourcePartition Partition, long Position)>> OldestPositions { get; init; }

    /// <summary>What the sink says of its commits.</summary>
    public required SinkTelemetry Sink { get; init; }

    /// <summary>What is waited for.</summary>
    public required Outages Outages { get; init; }

    /// <summary>The ledger and what else a summary has.</summary>
    public required Func<JobSummary> Summarize { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }
}
