using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;
using Pipeline.Generation;

namespace Pipeline.Perf.Micro;

/// <summary>What the benchmarks of stages work on: batches of the synthetic log's records, as its job reads them.</summary>
internal static class StageRecords
{
    /// <summary>Records of a batch, as many as the pipeline's own have at most.</summary>
    public const int Count = 2048;

    /// <summary>Event time of a batch's first record.</summary>
    public static readonly long T0 = new SyntheticLogOptions().Start.ToUnixTimeMilliseconds();

    /// <summary>Event time that a batch spans, ms: exposures at 20,000 a second.</summary>
    public const long BatchMs = 102;

    /// <summary>The streams of the job.</summary>
    public static readonly IReadOnlyList<StreamOptions> Streams = [Stream("exposure", StreamRole.Exposure), Stream("click", StreamRole.Action) with { Positive = true }];

    /// <summary>Its parser.</summary>
    public static RecordParser Parser() => new(Streams, new ParseOptions());

    /// <summary>A batch of exposures or of clicks, as a source delivers it.</summary>
    public static RecordBatch Lines(bool exposures, ulong seed = 1, SourcePartition? partition = null)
    {
        RecordBatch batch = new RecordBatchPool().Rent();
        batch.Partition = partition ?? new SourcePartition(0, "log", 0, [exposures ? 0 : 1], hasTimestamps: false);
        var log = new SyntheticLog(new SyntheticLogOptions { Seed = seed, Ctr = exposures ? 0 : 1, Rate = 20_000, Disorder = TimeSpan.FromMilliseconds(50), Exposures = long.MaxValue });
        while (batch.RecordCount < Count && log.MoveNext())
            if (log.IsExposure == exposures) batch.Add(log.Line, batch.RecordCount, SourcePartition.NoTime);
        return batch;
    }

    /// <summary>A parsed batch of exposures of one partition.</summary>
    public static RecordBatch Events(ulong seed, SourcePartition? partition = null)
    {
        RecordBatch batch = Lines(exposures: true, seed, partition);
        Parser().Parse(batch);
        return batch;
    }

    /// <summary>Many parsed batches of different keys, every tenth event of which is a click on one of the others' keys.</summary>
    public static RecordBatch[] Batches(int count)
    {
        RecordBatch[] batches = [.. Enumerable.Range(1, count).Select(seed => Events((ulong)seed))];
        foreach (RecordBatch batch in batches)
            for (int i = 10; i < batch.EventCount; i += 10)
            {
                ref ParsedEvent click = ref batch.Events[i];
                ref readonly ParsedEvent exposure = ref batch.Events[i - 1];
                (click.Stream, click.Key, click.KeyStart, click.KeyLength) = (1, exposure.Key, exposure.KeyStart, exposure.KeyLength);
            }
        return batches;
    }

    /// <summary>A window table in memory, with pages of the size they have in a job with defaults.</summary>
    public static IWindowTable Table(string folder, TimeSpan window) => WindowTables.Open(new FasterTableOptions
    {
        Directory = folder,
        MemoryBytes = 256 << 20,
        ActionStreams = 1,
        Window = window,
    });

    private static StreamOptions Stream(string name, StreamRole role) => new()
    {
        Name = name,
        Role = role,
        Source = new FileSourceOptions { Paths = [name] },
        Format = RecordFormat.Json,
        Key = ["user_id", "item_id"],
        Time = new EventTimeOptions { Field = "ts" },
        EventId = "event_id",
    };
}
