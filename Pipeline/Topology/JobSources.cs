using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Blocks.Telemetry;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;

namespace Pipeline.Topology;

/// <summary>Makes the sources of a job, each to begin where the run resumes.</summary>
/// <remarks>Ownership: owns the sources.</remarks>
internal sealed class JobSources(JobOptions job, RunSettings settings, PartitionDirectory directory, ReadGate gate, TimeProvider clock, EventLog log, Outages outages)
    : IAsyncDisposable
{
    /// <summary>The sources.</summary>
    public IReadOnlyList<ISource> All { get; private set; } = [];

    /// <summary>How each spends its time.</summary>
    public IReadOnlyList<StageClock> Times { get; private set; } = [];

    /// <summary>Opens every source; its partitions are then in the directory.</summary>
    /// <exception cref="SourceChangedException">What is resumed is not there any more, or another.</exception>
    public async Task OpenAsync(ResumePoints resume, RecordBatchPool records, CancellationToken stop)
    {
        RefuseMissingFiles(resume);
        var groups = SourceGroups.Of(job.Streams).ToArray();
        Times = [.. groups.Select(_ => new StageClock("source", clock))];
        All = [.. groups.Select((group, index) => Make(group.Source, ContextOf(group.Streams, resume, records) with { Time = Times[index] }))];
        foreach (ISource source in All) await source.OpenAsync(stop).ConfigureAwait(false);
        if (directory.Missing is [SourcePartition missing, ..])
            throw new SourceChangedException($"{missing}", $"what was read up to position {resume.Positions.GetValueOrDefault((missing.Source, missing.Number))}", "nothing, or a source of the job that does not name it");
        if (resume.Positions.Keys.FirstOrDefault(key => !directory.All.Any(known => known.Source == key.Source && known.Number == key.Number)) is { Source: not null } gone)
            throw new SourceChangedException($"{gone.Source}-{gone.Number}", $"what was read from position {resume.Positions[gone]} on", "nothing");
    }

    /// <summary>A file that was read is looked for before a pattern that matches nothing is called a mistake of the job's.</summary>
    private void RefuseMissingFiles(ResumePoints resume)
    {
        if (!job.Streams.Any(static stream => stream.Source is FileSourceOptions)) return;
        HashSet<string> topics = [.. job.Streams.SelectMany(static stream => stream.Source is KafkaSourceOptions kafka ? kafka.Topics : [])];
        foreach (((string path, _), long position) in resume.Positions)
            if (!topics.Contains(path) && !resume.Identities.ContainsKey((path, 0)) && !File.Exists(path))
                throw new SourceChangedException(path, $"what was read up to position {position}", "no such file");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (IDisposable source in All.OfType<IDisposable>()) source.Dispose();
        return ValueTask.CompletedTask;
    }

    private ISource Make(SourceOptions options, SourceContext context) => options switch
    {
        FileSourceOptions files => new FileSource(files, context),
        KafkaSourceOptions kafka => new KafkaSource(kafka, context),
        _ => settings.OtherSource?.Invoke(options, context) ?? throw new ArgumentOutOfRangeException(nameof(options), options, "No such source."),
    };

    private SourceContext ContextOf(int[] streams, ResumePoints resume, RecordBatchPool records)
    {
        StreamOptions stream = job.Streams[streams[0]];
        return new SourceContext
        {
            Directory = directory,
            Pool = records,
            Gate = gate,
            Clock = clock,
            Streams = streams,
            UntilEnd = settings.UntilEnd || resume.Ends.Count > 0,
            FromScratch = settings.Start.FromScratch,
            BatchRecords = job.Parallelism.BatchRecords,
            MaxRecordBytes = job.MaxRecordBytes,
            UnavailableLimit = job.UnavailableLimit,
            Header = stream.Format == RecordFormat.Csv && stream.Csv.Header,
            Delimiter = stream.Csv.Delimiter,
            Columns = stream.Csv.Columns,
            Group = job.Job,
            Log = log.With("stream", string.Join(',', streams.Select(index => job.Streams[index].Name))),
            Outages = outages,
            Positions = resume.Positions,
            Ends = resume.Ends,
            ArrivedAt = job.Time.Mode == TimeMode.Processing ? resume.Clock : null,
            Identities = resume.Identities,
            Fingerprints = resume.Fingerprints,
        };
    }
}
