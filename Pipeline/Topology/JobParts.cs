using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;

namespace Pipeline.Topology;

/// <summary>Makes, opens and closes what a job's topology is linked from.</summary>
/// <remarks>
/// Order of a start: the progress is read, the start decided, sources opened where it resumes, the checkpoint restored; all of this may refuse and disturbs
/// nobody. Then the sink shuts other writers out and the progress is read again. Ownership: owns lanes, sources and sinks; the state directory is the caller's.
/// </remarks>
internal sealed class JobParts : IAsyncDisposable
{
    private readonly JobOptions _job;
    private readonly RunSettings _settings;
    private readonly StateDirectory _state;
    private readonly TimeProvider _clock;
    private readonly EventLog _log;
    private readonly RunTelemetry _telemetry;
    private readonly StartPlanner _planner;
    private readonly List<IAsyncDisposable> _opened = [];
    private PartitionDirectory _directory = null!;
    private ReadGate _gate = null!;
    private JobLanes? _lanes;

    private JobParts(JobOptions job, RunSettings settings, StateDirectory state, TimeProvider clock, EventLog log, RunTelemetry telemetry)
    {
        _job = job;
        _settings = settings;
        _state = state;
        _clock = clock;
        _log = log;
        _telemetry = telemetry;
        _planner = new StartPlanner(job, settings.Start, IsExactlyOnce);
    }

    /// <summary>What the topology is linked from; after <see cref="OpenAsync"/>.</summary>
    public TopologyParts Topology { get; private set; } = null!;

    /// <summary>How the run begins; after <see cref="OpenAsync"/>.</summary>
    public StartPlan Plan { get; private set; } = null!;

    /// <summary>Whether the run ends by itself, at ends found now or by the run it resumes.</summary>
    public bool IsBounded { get; private set; }

    /// <summary>Whether the ends of a bounded run are new, so that a checkpoint has to keep them before anything depends on them.</summary>
    public bool EndsAreNew { get; private set; }

    /// <summary>Highest number of a checkpoint that this start removed; 0 for none.</summary>
    public long LastCheckpoint { get; private set; }

    /// <summary>False when work on the parts could not be ended: they are then left to the end of the process.</summary>
    public bool StoodStill { get; set; } = true;

    private bool IsExactlyOnce => _job.Delivery == DeliveryMode.ExactlyOnce;

    /// <summary>Makes the parts of a job; nothing is opened yet.</summary>
    public static JobParts Make(JobOptions job, RunSettings settings, StateDirectory state, TimeProvider clock, EventLog log, RunTelemetry telemetry) =>
        new(job, settings, state, clock, log, telemetry);

    /// <summary>Opens everything; see the class for the order.</summary>
    public async Task OpenAsync(CancellationToken stop)
    {
        var records = new RecordBatchPool();
        JobSources sources = await RestoreAsync(await ReadProgressAsync(stop).ConfigureAwait(false), records, stop).ConfigureAwait(false);

        SampleShape shape = Shape();
        ISampleSink sink = MakeSink(SinkSettings(shape));
        if (_settings.AroundSink is { } around) sink = around(sink);
        _opened.Add(sink);
        ToldLetters? letters = DeadLetterSinks.Make(_job.DeadLetter, LetterSettings()) is { } made ? new ToldLetters(made, _job.Streams, _directory, _log) : null;
        if (letters is not null)
        {
            _opened.Add(letters);
            await letters.OpenAsync(stop).ConfigureAwait(false);
        }
        await sink.OpenAsync(stop).ConfigureAwait(false);
        Plan = _planner.Decide(Plan.Manifest is null ? [] : [Plan.Manifest], [], await ReadAgainAsync(sink, stop).ConfigureAwait(false));
        if (Plan.Kind != StartKind.Restore) _lanes!.Begin(await BeginStateAsync(stop).ConfigureAwait(false));

        ParallelismOptions parallelism = _job.Parallelism with { Lanes = _lanes!.All.Count };
        records.Keep = parallelism.RecordBatches;
        Topology = new TopologyParts
        {
            Parallelism = parallelism,
            Clock = _clock,
            Directory = _directory,
            Records = records,
            Sources = sources.All,
            SourceTimes = sources.Times,
            Parser = new RecordParser(
                _job.Streams, new ParseOptions { MaxRecordBytes = _job.MaxRecordBytes, MaxFuture = _job.Time.MaxFuture, Mode = _job.Time.Mode }),
            Partitioner = Partitioner(letters is not null),
            Lanes = _lanes.All,
            Salts = _lanes.MakeSalts(),
            Formatter = () => SampleFormatters.Make(shape, _directory, Plan.Progress?.Points),
            ValidationRules = shape.Rules,
            ActionStreams = shape.Actions.Count,
            Formatted = Plan.Manifest is { } restored ? CheckpointCut.Formatted(restored.Ledger) : null,
            Sink = sink,
            DeadLetters = letters,
        };
    }

    /// <summary>Commits read positions where lag tools look for them.</summary>
    public async Task CommitAsync(IReadOnlyList<(SourcePartition, long)> positions)
    {
        foreach (KafkaSource kafka in Topology.Sources.OfType<KafkaSource>()) await kafka.CommitAsync(positions).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!StoodStill) return;
        _lanes?.Dispose();
        foreach (IAsyncDisposable opened in _opened) await opened.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// By a sink of its own: the one that writes is made when the sources have said what columns there are. What is to be discarded is not read: it may be damaged.
    /// </summary>
    private async Task<Progress?> ReadProgressAsync(CancellationToken stop)
    {
        if (_settings.Start.FromScratch) return null;
        ISampleSink reader = MakeSink(new SampleSinkSettings { Clock = _clock, Lanes = 1, Log = _log, CreateTopics = _job.CreateTopics, Delivery = _job.Delivery, Job = _job.Job });
        await using (reader.ConfigureAwait(false)) return await reader.ReadProgressAsync(stop).ConfigureAwait(false);
    }

    /// <summary>Behind the sink's opening: what it finds now stays as it is.</summary>
    private async Task<Progress?> ReadAgainAsync(ISampleSink sink, CancellationToken stop)
    {
        try
        {
            return await sink.ReadProgressAsync(stop).ConfigureAwait(false);
        }
        catch (Exception damaged) when (_settings.Start.FromScratch && damaged is SinkRefusedException or InvalidDataException)
        {
            _log.DiscardedUnread(damaged.Message);
            return null;
        }
    }

    /// <summary>
    /// Decides the start, opens the sources there, and restores the newest checkpoint that turns out to be whole. Sources come first: they may refuse, and
    /// restoring a checkpoint cuts the lanes' files to it, by which newer ones are lost.
    /// </summary>
    private async Task<JobSources> RestoreAsync(Progress? progress, RecordBatchPool records, CancellationToken stop)
    {
        (List<CheckpointManifest> usable, List<string> rejected) = Find();
        CheckpointManifest[] found = [.. usable];
        for (int told = 0; ;)
        {
            for (; told < rejected.Count; told++) _log.CheckpointRejected(rejected[told]);
            Plan = _planner.Decide(usable, rejected, progress);
            NewDirectory();
            JobSources sources = await OpenSourcesAsync(records, stop).ConfigureAwait(false);
            if (Plan.Manifest is not { } manifest) return sources;
            try
            {
                _lanes!.Restore(CheckpointReader.PathOf(_state.Path, manifest.Id), manifest.Lanes.Count);
                if (manifest.Lanes.Count != _job.Parallelism.Lanes)
                    _log.LanesIgnored(manifest.Lanes.Count, manifest.Id, _job.Parallelism.Lanes);
            }
            catch (Exception damaged) when (damaged is InvalidDataException or InvariantException or EndOfStreamException or FileNotFoundException or DirectoryNotFoundException)
            {
                rejected.Add($"checkpoint {manifest.Id}: {damaged.Message}");
                usable.Remove(manifest);
                _opened.Remove(sources);
                await sources.DisposeAsync().ConfigureAwait(false);
                continue;
            }
            await RemoveNewerAsync(found, manifest.Id, stop).ConfigureAwait(false);
            return sources;
        }
    }

    private async Task<JobSources> OpenSourcesAsync(RecordBatchPool records, CancellationToken stop)
    {
        foreach (ManifestPartition entry in Plan.Manifest?.Partitions ?? []) _directory.Recall(entry.Source, entry.Number, [.. entry.Streams], entry.HasTimestamps);
        ResumePoints resume = ResumePoints.Of(Plan, FloorsOf(Plan));
        var sources = new JobSources(_job, _settings, _directory, _gate, _clock, _log, _telemetry.Outages);
        _opened.Add(sources);
        await sources.OpenAsync(resume, records, stop).ConfigureAwait(false);
        IsBounded = _settings.UntilEnd || resume.Ends.Count > 0;
        EndsAreNew = IsBounded && resume.Ends.Count == 0;
        return sources;
    }

    /// <summary>Their lanes' files were cut: kept, they would count as checkpoints to come back to.</summary>
    private async Task RemoveNewerAsync(CheckpointManifest[] found, long restored, CancellationToken stop)
    {
        foreach (CheckpointManifest newer in found)
        {
            if (newer.Id <= restored) continue;
            _log.CheckpointRemoved(newer.Id, restored);
            LastCheckpoint = Math.Max(LastCheckpoint, newer.Id);
            await _state.Checkpoints.RemoveAsync(newer.Id, stop).ConfigureAwait(false);
        }
    }

    private (List<CheckpointManifest> Usable, List<string> Rejected) Find()
    {
        IReadOnlyList<ListedCheckpoint> found = _settings.Start.FromScratch || _settings.Start.Rebuild ? [] : _state.Checkpoints.List();
        // Not one to pass over for an older one: whoever comes from another release has to know.
        if (found.FirstOrDefault(static one => one.Condition is CheckpointCondition.Valid or CheckpointCondition.OtherRelease) is { Condition: CheckpointCondition.OtherRelease } other)
            throw new StateRefusedException($"{other.Reason}. Finish the job with the release that wrote it, or discard state and progress with --from-scratch (samples may repeat).");
        return (
            [.. found.Where(static one => one.Condition == CheckpointCondition.Valid).Select(static one => one.Manifest!)],
            [.. found.Where(static one => one.Condition == CheckpointCondition.Damaged).Select(static one => $"checkpoint {one.Id}: {one.Reason}")]);
    }

    private void NewDirectory()
    {
        _directory = new PartitionDirectory([.. _job.Streams.Select(stream => stream.Name)]);
        // Windows that go by the clock need no event times to be near each other.
        _gate = new ReadGate(_directory, _job.Time.Mode == TimeMode.Processing ? ReadGate.NoDriftControl : (long)_job.Time.MaxDrift.TotalMilliseconds);
        _lanes = new JobLanes(_job, _state, _gate, _clock, _log, _telemetry.Outages);
    }

    private async Task<int> BeginStateAsync(CancellationToken stop)
    {
        await _state.BeginAsync(stop).ConfigureAwait(false);
        return _job.Parallelism.Lanes;
    }

    private static IReadOnlyList<PartitionFloor> FloorsOf(StartPlan plan)
    {
        var histories = new List<(FloorHistory, long)>();
        if (plan.Manifest is { } manifest) histories.Add((manifest.Floors, manifest.Watermark));
        if (plan.Progress is { } progress) histories.Add((progress.Floors, progress.Watermark));
        // With a greater out_of_orderness an event could be on time and below what the lanes have applied.
        if (plan is { SettingsChanged: true, Manifest: { Watermark: not (SourcePartition.NoTime or long.MaxValue) } changed })
            histories.Add((new FloorHistory(0, [.. changed.Partitions.Where(static entry => entry.Position >= 0)
                .Select(entry => new PartitionFloor(entry.Source, entry.Number, entry.Position, changed.Watermark))], []), changed.Watermark));
        return FloorMerge.Of([.. histories]);
    }

    private Partitioner Partitioner(bool keepLetters)
    {
        var tracker = new WatermarkTracker(_directory, _job.Time, [.. _job.Streams.Select(stream => stream.StreamIdleTimeout)]);
        var lanes = new LaneMap(_lanes!.All.Count);
        var partitioner = new Partitioner(lanes, tracker, [.. _job.Streams.Select(stream => stream.Filters.Count)], keepLetters);
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (Plan.Manifest is { } manifest)
            partitioner.Restore(CheckpointCut.Partitions(manifest), FloorsOf(Plan), Plan.Progress?.Watermark ?? SourcePartition.NoTime, now);
        else if (Plan.Kind == StartKind.Rebuild)
            partitioner.Restore(CheckpointCut.FromStarts(Plan.Progress!, _directory, _job.Streams), FloorsOf(Plan), Plan.Progress!.Watermark, now);
        else partitioner.Begin(_directory.All, now);
        if (_job.Skew.SaltsInUse > 0) partitioner.Salt(new HotKeys(_job.Skew, lanes), new SaltRule(_job.Streams, _job.Skew.Salts));
        return partitioner;
    }

    private ISampleSink MakeSink(SampleSinkSettings settings) => SampleSinks.Make(_job.Sink, settings);

    private SampleSinkSettings SinkSettings(SampleShape shape) => new()
    {
        Clock = _clock,
        UnavailableLimit = _job.UnavailableLimit,
        CreateTopics = _job.CreateTopics,
        MaxRecordBytes = _job.MaxRecordBytes,
        Log = _log,
        Outages = _telemetry.Outages,
        Telemetry = _telemetry.Sink,
        Delivery = _job.Delivery,
        Job = _job.Job,
        Lanes = _lanes!.All.Count > 0 ? _lanes.All.Count : _job.Parallelism.Lanes,
        Extension = _job.Output.Format == SampleFormat.Csv ? "csv" : "jsonl",
        Header = _job.Output.Format == SampleFormat.Csv ? CsvSampleFormatter.Header(shape) : [],
        Fresh = Plan.DiscardsOutput,
        Expected = Plan.Progress is not null ? ExpectedOutput.Progress
            : Plan.Kind == StartKind.Fresh && !Plan.DiscardsOutput && IsExactlyOnce ? ExpectedOutput.Nothing
            : ExpectedOutput.Anything,
    };

    private DeadLetterSinkSettings LetterSettings() => new()
    {
        Clock = _clock,
        UnavailableLimit = _job.UnavailableLimit,
        CreateTopics = _job.CreateTopics,
        MaxRecordBytes = _job.MaxRecordBytes,
        Log = _log,
        Outages = _telemetry.Outages,
        StreamNames = [.. _job.Streams.Select(stream => stream.Name)],
        Directory = _directory,
    };

    /// <summary>The shape of samples, once the sources have read their headers: those of the first exposure file with one are all files' columns.</summary>
    private SampleShape Shape()
    {
        int exposure = _job.Streams.ToList().FindIndex(stream => stream.Role == StreamRole.Exposure);
        SourcePartition? first = _directory.All.FirstOrDefault(partition => partition.Columns.Count > 0 && partition.Streams.Contains(exposure));
        return new SampleShape(
            _job.Streams, (long)_job.Window.Length.TotalMilliseconds, _job.Output, first?.Columns, lines: _job.Sink is FileSinkOptions);
    }
}
