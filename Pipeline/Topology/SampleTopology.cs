using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Topology;

/// <summary>The page: every block of the pipeline and every link between them, from the sources to the sinks.</summary>
/// <remarks>
/// <code>
/// sources → intake → parse ×p → partition ┬──────────────→ lane 0 ┬→ format ×f → sink
///           FIFO     ordered    watermark  ├→ salt 0…N of 0 ┘      │   ordered
///                                          ├──────────────→ lane L ┤
///                                          └→ salt 0…N of L ┘      │
///                                  └────────────────┴──────────────┴──→ dead letters
/// </code>
/// The message is a batch. Watermarks, barriers and the end travel in the same queues as the records.
/// </remarks>
public sealed class SampleTopology
{
    // A transaction of 64 MiB and the 32 that may wait behind it are 246 batches of 1,024 samples of 400 B, and more where a watermark ends them early: twice as many. Not measured.
    private const int OutputBatchesKept = 512;

    /// <summary>Builds and links all blocks; nothing flows until the sources run.</summary>
    public SampleTopology(TopologyParts parts)
    {
        ParallelismOptions parallelism = parts.Parallelism;
        bool keepLetters = parts.DeadLetters is not null;
        var samples = new BatchPool<SampleBatch>(() => new SampleBatch(parts.ActionStreams));
        BatchPool<OutputBatch> outputs = null!;
        outputs = new BatchPool<OutputBatch>(() => new OutputBatch(outputs.Return), OutputBatchesKept);
        KeepsLetters = keepLetters;
        Records = parts.Records;
        Sources = parts.Sources;
        Directory = parts.Directory;

        Intake = new BufferBlock<RecordBatch>(new DataflowBlockOptions { BoundedCapacity = parallelism.BlockCapacity });
        Parse = new ParseBlock(parts.Parser, parallelism, parts.Clock);
        Partition = new PartitionBlock(parts.Partitioner, parts.Lanes.Count, keepLetters, parallelism, parts.Clock);
        int salts = parts.Salts.Count / parts.Lanes.Count;
        var salted = new BatchPool<SaltBatch>(() => new SaltBatch(parts.ActionStreams + 1), Math.Max(2, 2 * parts.Salts.Count));
        SaltTimes = [.. parts.Lanes.Where(_ => salts > 0).Select(_ => new StageClock("salt", parts.Clock, salts))];
        Salts = [.. parts.Salts.Select(salt => new SaltBlock(salt, Partition.LaneBatches, salted, parallelism, SaltTimes[salt.Lane]))];
        Lanes = [.. parts.Lanes.Select((join, lane) => new LaneBlock(lane, join, keepLetters, Partition.LaneBatches, samples, parallelism, parts.Clock, salts, salted))];
        Format = new FormatBlock(parts.Formatter, parts.ActionStreams, parts.ValidationRules, keepLetters, samples, outputs, parallelism, parts.Clock);
        if (parts.Formatted is { } formatted) Format.Ledger.Restore(formatted);
        Sink = new SinkBlock(parts.Sink, parts.Lanes.Count, parallelism, parts.Clock, Format.Inlet.Took);
        LetterQueues = [Partition.Letters, .. Lanes.Select(lane => lane.Letters), Format.Letters];
        DeadLetters = new DeadLetterBlock(parts.DeadLetters, LetterQueues.Count, parallelism, parts.Clock);

        Intake.Then(Parse.Block);
        Parse.Block.Then(Partition.Input);
        Partition.Feed(Lanes.Select(static lane => lane.Inlet), Salts.Select(static salt => salt.Inlet));
        foreach (SaltBlock salt in Salts)
        {
            salt.Feed(Lanes[salt.State.Lane].Inlet);
            salt.Input.EndsBehind(Partition.Input);
        }
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            Lanes[lane].Feed(Format.Inlet);
            Lanes[lane].Input.EndsBehind([Partition.Input, .. SaltsOf(lane).Select(static salt => salt.Input)]);
        }
        Format.Block.EndsBehind([.. Lanes.Select(static lane => lane.Input)]);
        Format.Block.Then(Sink.Block);
        Links.Gather(LetterQueues, DeadLetters.Block);

        Views = new BlockViews(this, parts.SourceTimes, parallelism, parts.Clock);

        // Queues of letters too: on a fault whoever waits to put something into one must be let go.
        Blocks =
        [
            Intake, Parse.Block, Partition.Input, .. Salts.Select(salt => salt.Input), .. Lanes.Select(lane => lane.Input), Format.Block, Sink.Block, .. LetterQueues, DeadLetters.Block,
        ];
    }

    /// <summary>Whether dead letters are made.</summary>
    public bool KeepsLetters { get; }

    /// <summary>Record batches, for barriers and ticks.</summary>
    public RecordBatchPool Records { get; }

    /// <summary>All source partitions.</summary>
    public PartitionDirectory Directory { get; }

    /// <summary>What reads into the intake.</summary>
    public IReadOnlyList<ISource> Sources { get; }

    /// <summary>The one queue that all sources feed.</summary>
    public BufferBlock<RecordBatch> Intake { get; }

    /// <summary>Records to events.</summary>
    public ParseBlock Parse { get; }

    /// <summary>Watermark, lateness, lane split.</summary>
    public PartitionBlock Partition { get; }

    /// <summary>Events to closed windows.</summary>
    public IReadOnlyList<LaneBlock> Lanes { get; }

    /// <summary>Pre-aggregation of hot keys, lane after lane; none where nothing is salted.</summary>
    public IReadOnlyList<SaltBlock> Salts { get; }

    /// <summary>How each lane's salts spend their time; none where nothing is salted.</summary>
    public IReadOnlyList<StageClock> SaltTimes { get; }

    /// <summary>A lane's salts.</summary>
    public IEnumerable<SaltBlock> SaltsOf(int lane) => Salts.Where(salt => salt.State.Lane == lane);

    /// <summary>Closed windows to samples.</summary>
    public FormatBlock Format { get; }

    /// <summary>Samples out.</summary>
    public SinkBlock Sink { get; }

    /// <summary>Where blocks put their dead letters.</summary>
    public IReadOnlyList<BufferBlock<DeadLetterBatch>> LetterQueues { get; }

    /// <summary>Dead letters out.</summary>
    public DeadLetterBlock DeadLetters { get; }

    /// <summary>The blocks as reports see them.</summary>
    public BlockViews Views { get; }

    /// <summary>Every block whose end or fault matters.</summary>
    public IReadOnlyList<IDataflowBlock> Blocks { get; }
}
