using System.Threading.Tasks.Dataflow;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads the records of one <see cref="SourceOptions"/> into the intake.</summary>
/// <remarks>
/// Threading: <see cref="RunAsync"/> may use a thread of its own; it hands over batches with <c>SendAsync</c> and waits when the intake is full, but a
/// Kafka poll loop keeps polling meanwhile. One batch holds records of one partition, in its order.
/// For each partition: one <see cref="PartitionNotice.Appeared"/> batch first; <see cref="PartitionNotice.CaughtUp"/> (about every second) while
/// it is at its end; with <see cref="SourceContext.UntilEnd"/> one <see cref="PartitionNotice.Ended"/> behind its last record.
/// Completion: the task ends when every partition ended, or soon after its stop token is cancelled, with everything read handed over. It never
/// completes the intake: several sources share it.
/// Its time: busy is all but what it waits for records, for its turn, or for room; told to <see cref="SourceContext.Time"/> around each wait, never for a record.
/// Errors: transient ones are retried; anything else fails the task.
/// </remarks>
public interface ISource
{
    /// <summary>Finds the partitions and checks that they can be read; called once, before <see cref="RunAsync"/>. Registers them in the directory.</summary>
    Task OpenAsync(CancellationToken stop);

    /// <summary>Reads until the end or until told to stop.</summary>
    Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop);
}

/// <summary>What every source is given.</summary>
public sealed record SourceContext
{
    /// <summary>Where partitions are registered.</summary>
    public required PartitionDirectory Directory { get; init; }

    /// <summary>Where batches come from.</summary>
    public required RecordBatchPool Pool { get; init; }

    /// <summary>Asked before reading on in a partition.</summary>
    public required ReadGate Gate { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>The streams that read the source, as indices into the job's streams.</summary>
    public required int[] Streams { get; init; }

    /// <summary>Progress is discarded: a source that would begin at committed positions begins at the first record.</summary>
    public bool FromScratch { get; init; }

    /// <summary>Read to the ends found at the start, then end.</summary>
    public bool UntilEnd { get; init; }

    /// <summary>Most records in a batch.</summary>
    public int BatchRecords { get; init; } = 2048;

    /// <summary>Longer records are handed over as <see cref="RawRecord.Oversized"/> where their bytes need not be kept.</summary>
    public int MaxRecordBytes { get; init; } = 1 << 20;

    /// <summary>How long brokers may be away while running; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</summary>
    public TimeSpan UnavailableLimit { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>CSV: each file's first row is a header, which is no record.</summary>
    public bool Header { get; init; }

    /// <summary>CSV: what parts the names of a header.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>CSV: column names from the job; empty: from each file's header.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Read positions to begin at, by partition. When empty, partitions begin as the options say; else one that is not in it begins at its first record.</summary>
    public IReadOnlyDictionary<(string Source, int Number), long> Positions { get; init; } = new Dictionary<(string, int), long>();

    /// <summary>
    /// With <see cref="UntilEnd"/>: the ends (<see cref="SourcePartition.End"/>) of the run that is resumed, by partition; one that is not in it is
    /// not read. When empty, the ends are those found by <see cref="ISource.OpenAsync"/>.
    /// </summary>
    public IReadOnlyDictionary<(string Source, int Number), long> Ends { get; init; } = new Dictionary<(string, int), long>();

    /// <summary>
    /// When records arrived that are there as <see cref="ISource.OpenAsync"/> finds them and have no time of their own, ms: the clock that a restored run stopped
    /// at. Null: when they are read.
    /// </summary>
    public long? ArrivedAt { get; init; }

    /// <summary>Topic ids as they were, by partition; a topic with another one is refused.</summary>
    public IReadOnlyDictionary<(string Source, int Number), string> Identities { get; init; } = new Dictionary<(string, int), string>();

    /// <summary>Fingerprints of files' bytes before <see cref="Positions"/>, by partition; a file with another one is refused.</summary>
    public IReadOnlyDictionary<(string Source, int Number), ulong> Fingerprints { get; init; } = new Dictionary<(string, int), ulong>();

    /// <summary>Consumer group; the job's name.</summary>
    public string Group { get; init; } = "";

    /// <summary>Messages for the operator.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>Told of the source's work and waits; null: nobody. Made for the source alone.</summary>
    public StageClock? Time { get; init; }

    /// <summary>Told when brokers are away; null: nobody.</summary>
    public Outages? Outages { get; init; }
}
