namespace Pipeline.Metrics;

/// <content>What is read, and what becomes of it.</content>
internal static partial class MetricCatalogue
{
    public static MetricDefinition SourceRecords { get; } = Counter(
        "pipeline.source.records", "{record}", MetricContext.Source, "Records read, each once.", "its rate is 0 while producers write").Rated();

    public static MetricDefinition StreamRecords { get; } = Counter(
        "pipeline.stream.records", "{record}", MetricContext.Source, "Records by stream; one that several streams read counts in each.", "a stream's rate falls to 0", "stream").Rated().By("stream");

    public static MetricDefinition StreamEvents { get; } = Counter(
        "pipeline.stream.events", "{event}", MetricContext.Source, "Records that passed every check.", "far below the stream's records", "stream").Rated().By("stream");

    public static MetricDefinition StreamRejected { get; } = Counter(
        "pipeline.stream.rejected", "{record}", MetricContext.Source, "Records refused, by the first reason that applied.",
        "more than a few in a million: a producer changed its format", "stream", "reason").By("reason");

    public static MetricDefinition StreamFiltered { get; } = Counter(
        "pipeline.stream.filtered", "{record}", MetricContext.Source, "Records that the stream's filters dropped.", "its part of the records changes", "stream").By("stream");

    public static MetricDefinition PartitionPosition { get; } = Gauge(
        "pipeline.partition.position", "{offset}", MetricContext.Source, "Next offset to be read of a topic's partition; bytes of a file.", "it stands still while the end moves", "topic", "partition");

    public static MetricDefinition PartitionEnd { get; } = Gauge(
        "pipeline.partition.end", "{offset}", MetricContext.Source, "Offset behind the partition's last record, as known last; bytes of a file. -1: not known.", Never, "topic", "partition");

    public static MetricDefinition PartitionLag { get; } = Gauge(
        "pipeline.partition.lag", "{record}", MetricContext.Source, "End less position: what waits to be read. Bytes of a file.", "it grows for minutes", "topic", "partition");

    public static MetricDefinition PartitionTrueLag { get; } = Gauge(
        "pipeline.partition.lag.replay", "{record}", MetricContext.Source,
        "End less the position of the oldest kept checkpoint: what a start from it would read. Bytes of a file.", "near what the topic's retention holds", "topic", "partition");

    public static MetricDefinition PartitionBehind { get; } = Gauge(
        "pipeline.partition.event_time.behind", "s", MetricContext.Source, "How far the partition's newest event is behind the newest of all.", "near max_drift: the others wait for it", "topic", "partition");

    public static MetricDefinition StreamLate { get; } = Counter(
        "pipeline.stream.late", "{event}", MetricContext.Join, "Events below their partition's watermark (late) or only below its floor (late_idle).",
        "more than 1 in 10,000: out_of_orderness is too small, or a partition idled", "stream", "reason").By("reason");

    public static MetricDefinition StreamDuplicate { get; } = Counter(
        "pipeline.stream.duplicate", "{event}", MetricContext.Join, "Repeats that fell out.", "its part of the events jumps: a producer retries", "stream").By("stream");

    public static MetricDefinition StreamJoined { get; } = Counter(
        "pipeline.stream.joined", "{event}", MetricContext.Join, "Events that are part of a sample.", "it stands still while windows close", "stream").By("stream");

    public static MetricDefinition StreamOrphaned { get; } = Counter(
        "pipeline.stream.orphaned", "{event}", MetricContext.Join, "Actions in no window, or in one without an exposure.", "its part of the actions grows: exposures are missing", "stream").By("stream");

    public static MetricDefinition StreamOpen { get; } = Gauge(
        "pipeline.stream.open", "{event}", MetricContext.Join, "Events in state: waiting for the watermark, or in open windows.", "it grows while rates are steady", "stream");

    public static MetricDefinition StreamUnaccounted { get; } = Gauge(
        "pipeline.stream.unaccounted", "{event}", MetricContext.Join, "What the ledger cannot account for; while records flow, what is between two blocks.",
        "not 0 at a quiet point: a defect", "stream");

    public static MetricDefinition Watermark { get; } = Gauge(
        "pipeline.watermark", "s", MetricContext.Join, "The join's watermark, seconds since the Unix epoch; -1: none yet. Once every partition ended, the newest event.", "it stands still");

    public static MetricDefinition WatermarkBehind { get; } = Gauge(
        "pipeline.watermark.behind", "s", MetricContext.Join, "How far the watermark is behind the newest event.", "beyond out_of_orderness + max_drift");

    public static MetricDefinition WatermarkHolder { get; } = Gauge(
        "pipeline.watermark.holder.behind", "s", MetricContext.Join, "Who holds the watermark (partition, idle stream or none), and how far it is behind the newest event.",
        "one partition for long: its writer has stopped", "holder");

    public static MetricDefinition Deterministic { get; } = Gauge(
        "pipeline.deterministic", "1", MetricContext.Join, "1 while no event was late_idle: the result depends on the input alone.", "0 where results are to be reproduced");

    public static MetricDefinition WindowsOpened { get; } = Counter(
        "pipeline.windows.opened", "{window}", MetricContext.Window, "Windows opened.", Never, "lane").Rated().By("lane");

    public static MetricDefinition WindowsClosed { get; } = Counter(
        "pipeline.windows.closed", "{window}", MetricContext.Window, "Windows closed, with or without an exposure.", "its rate is 0 for longer than a window", "lane").Rated().By("lane");

    public static MetricDefinition WindowsOpen { get; } = Gauge(
        "pipeline.windows.open", "{window}", MetricContext.Window, "Windows open now.", "10 bytes of index each no longer fit half of state.memory", "lane");

    public static MetricDefinition EventsWaiting { get; } = Gauge(
        "pipeline.events.waiting", "{event}", MetricContext.Window, "Events that wait for the watermark to pass them.", "it grows: the watermark is held", "lane");

    public static MetricDefinition Samples { get; } = Counter(
        "pipeline.samples", "{sample}", MetricContext.Sink, "Samples made.", "its rate is 0 while windows close").Rated();

    public static MetricDefinition Positives { get; } = Counter(
        "pipeline.samples.positive", "{sample}", MetricContext.Sink, "Samples with label 1.", "its rate is 0");

    public static MetricDefinition Commits { get; } = Counter(
        "pipeline.commits", "{commit}", MetricContext.Sink, "Commits of this process: transactions, or renamed lists of file lengths.", "its rate is 0 while samples are made").Rated();

    public static MetricDefinition CommitAborts { get; } = Counter(
        "pipeline.commits.aborted", "{commit}", MetricContext.Sink, "Transactions aborted, or given up with their client, and written again.", "more than a few an hour: the brokers are unwell");

    public static MetricDefinition CommitFenced { get; } = Counter(
        "pipeline.commits.fenced", "{commit}", MetricContext.Sink, "1 once a newer instance has taken over; this one exits 75.", "not 0: two instances of a job");

    public static MetricDefinition CommitDuration { get; } = Distribution(
        MetricKind.Timer, "pipeline.commit.duration", "s", MetricContext.Sink, "How long commits take.", "p99 beyond 1 s");

    public static MetricDefinition CommitAge { get; } = Gauge(
        "pipeline.commit.age", "s", MetricContext.Sink, "Time since the last commit, or since the start.", "minutes, while samples are made");

    public static MetricDefinition SampleAge { get; } = Distribution(
        MetricKind.Histogram, "pipeline.sample.age", "s", MetricContext.Sink,
        "Age of samples at their commit, from their exposure's event time: ingest + join + close + commit = total. Measured once a batch.",
        "ingest: sources are late; join: the watermark is held; commit: the sink is slow").Labelled("stage");

    public static MetricDefinition SampleApdex { get; } = Distribution(
        MetricKind.Apdex, "pipeline.sample.apdex", "1", MetricContext.Sink,
        "How content one may be with the time from windows' ends to commits: satisfied within out_of_orderness + 5 s, tolerating within four times that.", "below 0.9");
}
