namespace Pipeline.Metrics;

/// <summary>Every metric there is. Outputs, <c>docs/metrics.md</c> and tests are made from it.</summary>
/// <remarks>Names and units follow OpenTelemetry; labels of partitions are those of kafka_exporter.</remarks>
internal static partial class MetricCatalogue
{
    private const string Never = "never by itself";

    /// <summary>All metrics, by context in the order of the flow.</summary>
    public static IReadOnlyList<MetricDefinition> All => field ??= Every();

    // By a method: the definitions, in other files, are made in an order that the language does not say.
    private static MetricDefinition[] Every() =>
    [
        SourceRecords, StreamRecords, StreamEvents, StreamRejected, StreamFiltered,
        PartitionPosition, PartitionEnd, PartitionLag, PartitionTrueLag, PartitionBehind,
        StreamLate, StreamDuplicate, StreamJoined, StreamOrphaned, StreamOpen, StreamUnaccounted,
        Watermark, WatermarkBehind, WatermarkHolder, Deterministic,
        HotKeyShare, HotKeys, StreamSurplus,
        WindowsOpened, WindowsClosed, WindowsOpen, EventsWaiting,
        Samples, Positives, Commits, CommitAborts, CommitFenced, CommitDuration, CommitAge, SampleAge, SampleApdex,
        StateMemory, StateMemoryLimit, StateDisk, IndexSize, LogAddress,
        Checkpoints, CheckpointFailures, CheckpointAge, CheckpointDuration, CheckpointPause, CheckpointSize,
        JoinRate, PositiveRate, StreamInvalid, SamplesInvalid,
        BlockBusy, BlockIdle, BlockBackPressured, BlockItems, BlockShare, BlockPressure, QueueLength, QueueCapacity,
        Outages, Uptime, CpuTime, CpuCount, Memory, Threads, GcCollections, GcPause, GcHeap, GcAllocated,
    ];

    private static MetricDefinition Counter(string name, string unit, MetricContext context, string description, string worry, params string[] labels) =>
        new(name, MetricKind.Counter, unit, context, description, worry) { Labels = labels };

    private static MetricDefinition Distribution(MetricKind kind, string name, string unit, MetricContext context, string description, string worry) =>
        new(name, kind, unit, context, description, worry);

    private static MetricDefinition Gauge(string name, string unit, MetricContext context, string description, string worry, params string[] labels) =>
        new(name, MetricKind.Gauge, unit, context, description, worry) { Labels = labels };
}
