using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>What every sink is given beside where it writes.</summary>
public abstract record SinkSettings
{
    /// <summary>The clock of waits and limits.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>How long an output may be away before the sink gives up; <see cref="Timeout.InfiniteTimeSpan"/>: it never does.</summary>
    public TimeSpan UnavailableLimit { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether a missing topic is created, with the broker's number of partitions and replicas.</summary>
    public bool CreateTopics { get; init; } = true;

    /// <summary>The job's <c>max_record_bytes</c>: a sample or letter of one record must pass.</summary>
    public int MaxRecordBytes { get; init; } = 1 << 20;

    /// <summary>Messages for the operator.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>Told what the sink waits for; null: nobody.</summary>
    public Outages? Outages { get; init; }
}

/// <summary>Settings of a sink of samples.</summary>
public sealed record SampleSinkSettings : SinkSettings
{
    /// <summary>Number of lanes: files are one a lane.</summary>
    public required int Lanes { get; init; }

    /// <summary>Ending of file names, <c>jsonl</c> or <c>csv</c>.</summary>
    public string Extension { get; init; } = "jsonl";

    /// <summary>Bytes at the top of each new file, newline included; may be empty.</summary>
    public byte[] Header { get; init; } = [];

    /// <summary>Whether samples are committed together with their progress.</summary>
    public DeliveryMode Delivery { get; init; } = DeliveryMode.AtLeastOnce;

    /// <summary>The job's name: the transactional id, and the progress topic's name before <c>.progress</c>. Needed for exactly-once to a topic.</summary>
    public string Job { get; init; } = "";

    /// <summary>Files: what an earlier run wrote is discarded rather than continued; with exactly-once delivery it is only not checked, until <c>BeginAsync</c> discards it.</summary>
    public bool Fresh { get; init; }

    /// <summary>What has to be there, or must not; anything else is refused.</summary>
    public ExpectedOutput Expected { get; init; }

    /// <summary>Told of commits; null: nobody.</summary>
    public SinkTelemetry? Telemetry { get; init; }
}

/// <summary>What a run knows of its output before it opens it.</summary>
public enum ExpectedOutput
{
    /// <summary>Nothing.</summary>
    Anything,

    /// <summary>The job has neither state nor progress, so committed samples that are there are another's: beside them none would be there once.</summary>
    Nothing,

    /// <summary>Samples are committed: a topic that is missing was deleted, and with it samples that will not be made again.</summary>
    Progress,
}

/// <summary>Settings of a sink of dead letters.</summary>
public sealed record DeadLetterSinkSettings : SinkSettings
{
    /// <summary>The job's streams by index.</summary>
    public required IReadOnlyList<string> StreamNames { get; init; }

    /// <summary>Names of the partitions that letters come from.</summary>
    public required Records.PartitionDirectory Directory { get; init; }
}
