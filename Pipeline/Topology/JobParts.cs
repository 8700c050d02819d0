using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Configuration;
using Pipeline.Hosting;

namespace Pipeline.Topology;

/// <summary>Makes, opens and closes what a job's topology is linked from.</summary>
/// <remarks>Ownership: owns the lanes and the sinks; the state directory is the caller's.</remarks>
internal sealed class JobParts : IAsyncDisposable
{
    private readonly JobOptions _job;
    private readonly RunSettings _settings;
    private readonly StateDirectory _state;
    private readonly TimeProvider _clock;
    private readonly Action<string> _log;
    private readonly PartitionDirectory _directory;
    private readonly ReadGate _gate;
    private readonly List<LaneJoin> _lanes = [];

    private JobParts(JobOptions job, RunSettings settings, StateDirectory state, TimeProvider clock, Action<string> log)
    {
        _job = job;
        _settings = settings;
        _state = state;
        _clock = clock;
        _log = log;
        _directory = new PartitionDirectory([.. job.Streams.Select(stream => stream.Name)]);
        // Windows that go by the clock need no event times to be near each other.
        _gate = new ReadGate(_directory, job.Time.Mode == TimeMode.Processing ? ReadGate.NoDriftControl : (long)job.Time.MaxDrift.TotalMilliseconds);
    }

    /// <summary>What the topology is linked from; after <see cref="OpenAsync"/>.</summary>
    public TopologyParts Topology { get; private set; } = null!;

    /// <summary>False when work on the parts could not be ended: they are then left to the end of the process.</summary>
    public bool StoodStill { get; set; } = true;

    /// <summary>Makes the parts of a job; nothing is opened yet.</summary>
    public static JobParts Make(JobOptions job, RunSettings settings, StateDirectory state, TimeProvider clock, Action<string> log) =>
        new(job, settings, state, clock, log);

    /// <summary>Opens sources, then dead letters, state and the sink: what can refuse the start and changes nothing comes first.</summary>
    public async Task OpenAsync(CancellationToken stop)
    {
        var records = new RecordBatchPool();
        List<ISource> sources = [.. SourceGroups.Of(_job.Streams).Select(group => Source(group.Source, group.Streams, records))];
        foreach (ISource source in sources) await source.OpenAsync(stop).ConfigureAwait(false);
        SampleShape shape = Shape();
        ISampleSink sink = SampleSinks.Make(_job.Sink, SinkSettings(shape));
        if (_settings.AroundSink is { } around) sink = around(sink);
        IDeadLetterSink? letters = _job.DeadLetter is null ? null : DeadLetterSinks.Make(_job.DeadLetter, LetterSettings());
        if (letters is not null) await letters.OpenAsync(stop).ConfigureAwait(false);
        _state.Begin();
        for (int lane = 0; lane < _job.Parallelism.Lanes; lane++) _lanes.Add(Lane(lane, shape.Actions.Count));
        // Last, for it may empty what an earlier run wrote.
        await sink.OpenAsync(stop).ConfigureAwait(false);
        Topology = new TopologyParts
        {
            Parallelism = _job.Parallelism,
            Clock = _clock,
            Directory = _directory,
            Records = records,
            Sources = sources,
            Parser = new RecordParser(
                _job.Streams, new ParseOptions { MaxRecordBytes = _job.MaxRecordBytes, MaxFuture = _job.Time.MaxFuture, Mode = _job.Time.Mode }),
            Partitioner = new Partitioner(
                new LaneMap(_job.Parallelism.Lanes),
                new WatermarkTracker(_directory, _job.Time, [.. _job.Streams.Select(stream => stream.StreamIdleTimeout)]),
                [.. _job.Streams.Select(stream => stream.Filters.Count)],
                letters is not null),
            Lanes = _lanes,
            Formatter = () => SampleFormatters.Make(shape, _directory),
            ValidationRules = shape.Rules,
            ActionStreams = shape.Actions.Count,
            Sink = sink,
            DeadLetters = letters,
        };
    }

    /// <summary>Ends when everything written is delivered.</summary>
    public async Task FlushAsync()
    {
        await Topology.Sink.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        if (Topology.DeadLetters is { } letters) await letters.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Commits read positions where lag tools look for them.</summary>
    /// <param name="positions">By partition index; -1 for one not read yet.</param>
    public async Task CommitAsync(long[] positions)
    {
        var read = new List<(SourcePartition, long)>();
        for (int partition = 0; partition < positions.Length; partition++)
            if (positions[partition] >= 0) read.Add((_directory[partition], positions[partition]));
        foreach (KafkaSource kafka in Topology.Sources.OfType<KafkaSource>()) await kafka.CommitAsync(read).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!StoodStill) return;
        foreach (LaneJoin lane in _lanes) lane.Dispose();
        if (Topology is null) return;
        foreach (IDisposable source in Topology.Sources.OfType<IDisposable>()) source.Dispose();
        await Topology.Sink.DisposeAsync().ConfigureAwait(false);
        if (Topology.DeadLetters is not null) await Topology.DeadLetters.DisposeAsync().ConfigureAwait(false);
    }

    private ISource Source(SourceOptions options, int[] streams, RecordBatchPool records) => options switch
    {
        FileSourceOptions files => new FileSource(files, ContextOf(_job.Streams[streams[0]], streams, records)),
        KafkaSourceOptions kafka => new KafkaSource(kafka, ContextOf(_job.Streams[streams[0]], streams, records)),
        _ => _settings.OtherSource?.Invoke(options, ContextOf(_job.Streams[streams[0]], streams, records))
            ?? throw new ArgumentOutOfRangeException(nameof(options), options, "No such source."),
    };

    private SourceContext ContextOf(StreamOptions stream, int[] streams, RecordBatchPool records) => new()
    {
        Directory = _directory,
        Pool = records,
        Gate = _gate,
        Clock = _clock,
        Streams = streams,
        UntilEnd = _settings.UntilEnd,
        FromScratch = _settings.FromScratch,
        BatchRecords = _job.Parallelism.BatchRecords,
        MaxRecordBytes = _job.MaxRecordBytes,
        UnavailableLimit = _job.UnavailableLimit,
        Header = stream.Format == RecordFormat.Csv && stream.Csv.Header,
        Delimiter = stream.Csv.Delimiter,
        Columns = stream.Csv.Columns,
        Group = _job.Job,
        Log = _log,
    };

    private SampleSinkSettings SinkSettings(SampleShape shape) => new()
    {
        Clock = _clock,
        UnavailableLimit = _job.UnavailableLimit,
        CreateTopics = _job.CreateTopics,
        MaxRecordBytes = _job.MaxRecordBytes,
        Log = _log,
        Lanes = _job.Parallelism.Lanes,
        Extension = _job.Output.Format == SampleFormat.Csv ? "csv" : "jsonl",
        Header = _job.Output.Format == SampleFormat.Csv ? CsvSampleFormatter.Header(shape) : [],
        // Files are read again from their start, so that nothing of an earlier run may stay; topics go on where they were.
        Fresh = _settings.FromScratch || !_job.Streams.Any(stream => stream.Source is KafkaSourceOptions),
    };

    private DeadLetterSinkSettings LetterSettings() => new()
    {
        Clock = _clock,
        UnavailableLimit = _job.UnavailableLimit,
        CreateTopics = _job.CreateTopics,
        MaxRecordBytes = _job.MaxRecordBytes,
        Log = _log,
        StreamNames = [.. _job.Streams.Select(stream => stream.Name)],
        Directory = _directory,
    };

    /// <summary>The shape of samples, once the sources have read their headers: those of the first exposure file with one are all files' columns.</summary>
    private SampleShape Shape()
    {
        int exposure = _job.Streams.ToList().FindIndex(stream => stream.Role == StreamRole.Exposure);
        SourcePartition? first = _directory.All.FirstOrDefault(partition => partition.Columns.Count > 0 && partition.Streams.Contains(exposure));
        return new SampleShape(
            _job.Streams, (long)_job.Window.Length.TotalMilliseconds, _job.Output, first?.Columns, oneLine: _job.Sink is FileSinkOptions);
    }

    private LaneJoin Lane(int lane, int actionStreams)
    {
        StateBudget budget = StateBudget.Of(_job.State.Memory, _job.Parallelism.Lanes);
        string path = _state.LanePath(lane);
        bool keepLetters = _job.DeadLetter is not null;
        var repeat = new RepeatWrites(_clock, _job.UnavailableLimit, fault => _log($"lane {lane} waits, for its state cannot be written; trying again: {fault.Message}"));
        IWindowTable table = WindowTables.Open(new FasterTableOptions
        {
            Directory = Path.Combine(path, "table"),
            MemoryBytes = budget.Table,
            ActionStreams = actionStreams,
            Window = _job.Window.Length,
            Anchor = _job.Window.Anchor,
            KeepActions = keepLetters,
            StoragePolicy = repeat,
        });
        return new LaneJoin(
            new LaneOptions { Lane = lane, Window = _job.Window, Ranks = LaneRanks.Of(_job.Streams), KeepLetters = keepLetters, StoragePolicy = repeat },
            table,
            new ReorderBuffer(_job.Streams.Count, budget.Reorder, Path.Combine(path, "reorder"), _gate, repeat),
            new WindowLog(Path.Combine(path, "window-log"), budget.WindowLog, policy: repeat));
    }
}
