using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Topology;

/// <summary>All blocks of a topology in the order of the flow, as reports see them.</summary>
/// <remarks>
/// A block whose output is taken by a link cannot say that it waits, nor can a source, whose thread never waits for the flow: <see cref="Look"/> is called many times a second
/// and sees whether their output stands before a full queue. While the intake is full, the time in which a source does not work counts as back-pressure.
/// </remarks>
public sealed class BlockViews
{
    /// <summary>Time between two looks: a hundredth of the shortest interval that shares are made of.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly SampleTopology _topology;
    private readonly StageClock[] _sources;
    private readonly int _capacity;

    /// <summary>Of a topology.</summary>
    /// <param name="topology">The topology.</param>
    /// <param name="sources">Each source's clock; of one without, work counts as idle.</param>
    /// <param name="options">How many batches may wait before a block.</param>
    /// <param name="clock">The clock.</param>
    public BlockViews(SampleTopology topology, IReadOnlyList<StageClock> sources, ParallelismOptions options, TimeProvider clock)
    {
        _topology = topology;
        int capacity = _capacity = options.BlockCapacity;
        _sources = [.. topology.Sources.Select((_, number) => number < sources.Count ? sources[number] : new StageClock("source", clock))];
        All =
        [
            .. _sources.Select((time, number) => new BlockView("source", _sources.Length > 1 ? number : null, time, () => topology.Intake.Count, capacity)),
            new BlockView("parse", null, topology.Parse.Time, () => topology.Parse.Block.InputCount + topology.Parse.Block.OutputCount, Math.Max(capacity, topology.Parse.Time.Workers)),
            new BlockView("partition", null, topology.Partition.Time, () => topology.Partition.Input.InputCount, capacity),
            .. topology.SaltTimes.Select((time, lane) => Salt(topology, time, lane, options.SentCapacity)),
            .. topology.Lanes.Select((lane, number) => new BlockView("join", number, lane.Time, () => lane.Input.InputCount, options.SentCapacity)),
            new BlockView("format", null, topology.Format.Time, () => topology.Format.Block.InputCount + topology.Format.Block.OutputCount, Math.Max(options.SentCapacity, topology.Format.Time.Workers)),
            new BlockView("sink", null, topology.Sink.Time, () => topology.Sink.Block.InputCount, capacity),
            new BlockView("dead-letters", null, topology.DeadLetters.Time, () => topology.DeadLetters.Block.InputCount, capacity),
        ];
    }

    /// <summary>The blocks, from the sources to the sinks.</summary>
    public IReadOnlyList<BlockView> All { get; }

    /// <summary>Sees which outputs stand.</summary>
    public void Look()
    {
        // What the sink's queue took while the sink stood at one batch, nobody has told.
        _topology.Format.Inlet.Took();
        bool full = _topology.Intake.Count >= _capacity;
        foreach (StageClock source in _sources) source.OutputStands(full);
        _topology.Parse.Time.OutputStands(_topology.Parse.Block.OutputCount > 0 && IsFull(_topology.Partition.Input, _topology.Partition.Time));
        _topology.Format.Time.OutputStands(_topology.Format.Block.OutputCount > 0 && IsFull(_topology.Sink.Block, _topology.Sink.Time));
    }

    private static BlockView Salt(SampleTopology topology, StageClock time, int lane, int capacity)
    {
        SaltBlock[] salts = [.. topology.SaltsOf(lane)];
        return new BlockView("salt", lane, time, () => salts.Sum(static salt => salt.Input.InputCount), capacity * salts.Length);
    }

    /// <summary>A batch in work has its place in the queue until it is done.</summary>
    private bool IsFull<T>(ActionBlock<T> block, StageClock time) => block.InputCount + time.Occupied >= _capacity;
}
