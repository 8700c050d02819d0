namespace Pipeline.Metrics;

/// <content>State, quality, blocks and the process.</content>
internal static partial class MetricCatalogue
{
    public static MetricDefinition StateMemory { get; } = Gauge(
        "pipeline.state.memory", "By", MetricContext.State, "State in memory.", "above pipeline.state.memory.limit", "lane");

    public static MetricDefinition StateMemoryLimit { get; } = Gauge(
        "pipeline.state.memory.limit", "By", MetricContext.State, "The job's state.memory.", Never);

    public static MetricDefinition StateDisk { get; } = Gauge(
        "pipeline.state.disk", "By", MetricContext.State, "State on disk.", "the disk is nearly full", "lane");

    public static MetricDefinition IndexSize { get; } = Gauge(
        "pipeline.state.index.size", "By", MetricContext.State, "Index of the window table (FASTER's hash index).", "near half of state.memory", "lane");

    public static MetricDefinition LogAddress { get; } = Gauge(
        "pipeline.state.log.address", "By", MetricContext.State, "Addresses of the window table's log (FASTER): begin, head, tail. Below head it is on disk, below begin gone.",
        "begin stands still while tail grows: windows do not close", "lane", "at");

    public static MetricDefinition Checkpoints { get; } = Counter(
        "pipeline.checkpoints", "{checkpoint}", MetricContext.State, "Checkpoints taken by this process.", "its rate is 0");

    public static MetricDefinition CheckpointFailures { get; } = Counter(
        "pipeline.checkpoints.failed", "{checkpoint}", MetricContext.State, "Checkpoints that failed; such a failure stops the run.", "not 0");

    public static MetricDefinition CheckpointAge { get; } = Gauge(
        "pipeline.checkpoint.age", "s", MetricContext.State, "Time since the last checkpoint, or since the start.", "three times state.checkpoint_interval: a restart replays all that");

    public static MetricDefinition CheckpointDuration { get; } = Distribution(
        MetricKind.Timer, "pipeline.checkpoint.duration", "s", MetricContext.State, "From the barrier to the manifest; records flow meanwhile.", "near state.checkpoint_interval");

    public static MetricDefinition CheckpointPause { get; } = Distribution(
        MetricKind.Histogram, "pipeline.checkpoint.pause", "s", MetricContext.State, "How long a checkpoint held the lane that it held longest.", "p99 beyond 0.1 s");

    public static MetricDefinition CheckpointSize { get; } = Gauge(
        "pipeline.checkpoint.size", "By", MetricContext.State, "Bytes of the last checkpoint's snapshots; the lanes' logs are beside it.", "it grows while open windows do not");

    public static MetricDefinition JoinRate { get; } = Gauge(
        "pipeline.join.rate", "1", MetricContext.Quality, "Joined actions over actions that are no longer open.", "it falls: exposures are missing, or clicks come late");

    public static MetricDefinition PositiveRate { get; } = Gauge(
        "pipeline.positive.rate", "1", MetricContext.Quality, "Samples with label 1 over all.", "it leaves its usual range");

    public static MetricDefinition StreamInvalid { get; } = Counter(
        "pipeline.stream.invalid", "{event}", MetricContext.Quality, "Events of samples that failed validation.", "not 0, where samples should be valid", "stream").By("stream");

    public static MetricDefinition SamplesInvalid { get; } = Counter(
        "pipeline.samples.invalid", "{sample}", MetricContext.Quality, "Samples that failed validation, by rule (its place in output.validate; - for all of a job without rules).",
        "not 0, where samples should be valid", "rule").By("rule");

    public static MetricDefinition BlockBusy { get; } = Counter(
        "pipeline.block.busy", "s", MetricContext.Runtime, "Work of a block's workers. Busy, idle and back-pressured add up to wall time × workers. Of several sources the lane is the number.",
        "its rate is near the number of workers: the bottleneck", "block", "lane");

    public static MetricDefinition BlockIdle { get; } = Counter(
        "pipeline.block.idle", "s", MetricContext.Runtime, "Time of a block's workers without anything to do.", Never, "block", "lane");

    public static MetricDefinition BlockBackPressured { get; } = Counter(
        "pipeline.block.backpressured", "s", MetricContext.Runtime, "Time of a block's workers waiting for a later block that is full.", "its rate is high: look at the next block that is busy", "block", "lane");

    public static MetricDefinition BlockItems { get; } = Counter(
        "pipeline.block.items", "{item}", MetricContext.Runtime, "Records, events or samples that went through a block in this process.", Never, "block", "lane").Rated();

    public static MetricDefinition BlockShare { get; } = Gauge(
        "pipeline.block.busy.share", "1", MetricContext.Runtime, "Busy part of the workers' time in the last 5 s.", "above 0.9: the bottleneck", "block", "lane");

    public static MetricDefinition BlockPressure { get; } = Gauge(
        "pipeline.block.backpressure", "1", MetricContext.Runtime, "Back-pressured part of the workers' time in the last 5 s: OK up to 0.1, LOW up to 0.5, HIGH above.", "above 0.5 for long", "block", "lane");

    public static MetricDefinition QueueLength { get; } = Gauge(
        "pipeline.queue.length", "{batch}", MetricContext.Runtime, "Batches that wait before a block, or stand behind it.", "at its capacity", "block", "lane");

    public static MetricDefinition QueueCapacity { get; } = Gauge(
        "pipeline.queue.capacity", "{batch}", MetricContext.Runtime, "Most batches that may.", Never, "block", "lane");

    public static MetricDefinition Outages { get; } = Gauge(
        "pipeline.outages", "{outage}", MetricContext.Runtime, "What is away and waited for: source, sink, state_disk.", "not 0", "kind");

    public static MetricDefinition Uptime { get; } = Counter(
        "pipeline.uptime", "s", MetricContext.Runtime, "Time since this process began its run.", "it falls: the process was restarted");

    public static MetricDefinition CpuTime { get; } = Counter(
        "process.cpu.time", "s", MetricContext.Runtime, "CPU time of the process.", "its rate is the number of CPUs");

    public static MetricDefinition CpuCount { get; } = Gauge(
        "process.cpus", "{cpu}", MetricContext.Runtime, "CPUs the process may use.", Never);

    public static MetricDefinition Memory { get; } = Gauge(
        "process.memory.usage", "By", MetricContext.Runtime, "Resident memory (RSS).", "near the machine's or the container's limit");

    public static MetricDefinition Threads { get; } = Gauge(
        "process.threads", "{thread}", MetricContext.Runtime, "Threads of the process.", "hundreds");

    public static MetricDefinition GcCollections { get; } = Counter(
        "dotnet.gc.collections", "{collection}", MetricContext.Runtime, "Garbage collections by generation.", "gen2 several times a minute", "generation").By("generation");

    public static MetricDefinition GcPause { get; } = Counter(
        "dotnet.gc.pause.time", "s", MetricContext.Runtime, "Time the garbage collector stopped the process.", "its rate is above 0.05");

    public static MetricDefinition GcHeap { get; } = Gauge(
        "dotnet.gc.last_collection.heap.size", "By", MetricContext.Runtime, "Managed heap behind the last collection.", "it grows without end");

    public static MetricDefinition GcAllocated { get; } = Counter(
        "dotnet.gc.heap.total_allocated", "By", MetricContext.Runtime, "Bytes allocated.", "its rate follows the record rate: something allocates for each record");
}
