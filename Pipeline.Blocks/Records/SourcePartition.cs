namespace Pipeline.Blocks.Records;

/// <summary>One partition of one source: a topic partition or a file. Its order is the order lateness is decided in.</summary>
/// <remarks>
/// Threading: the description is immutable; <see cref="MaxEventTime"/>, <see cref="Position"/>, <see cref="Watermark"/> and <see cref="State"/> are written by the
/// partition block alone and read by sources for drift control, where a value some batches old does no harm; <see cref="ReadTo"/> is set by the source.
/// </remarks>
/// <param name="index">Dense number in the order of registration, the short name in batches and state.</param>
/// <param name="source">Topic name, or file path as the job names it.</param>
/// <param name="number">Kafka partition; 0 for a file.</param>
/// <param name="streams">Indices (order of the job) of the streams that read it.</param>
/// <param name="hasTimestamps">Whether records carry a timestamp independent of the event's own.</param>
public sealed class SourcePartition(int index, string source, int number, int[] streams, bool hasTimestamps)
{
    private long _maxEventTime = NoTime;
    private long _watermark = NoTime;
    private long _knownEnd = -1;
    private long _position = -1;
    private long _readTo = NoTime;
    private int _state;

    /// <summary>No event with an accepted time came yet.</summary>
    public const long NoTime = long.MinValue;

    /// <summary>Dense number in the order of registration.</summary>
    public int Index { get; } = index;

    /// <summary>Topic name, or file path as the job names it.</summary>
    public string Source { get; } = source;

    /// <summary>Kafka partition; 0 for a file.</summary>
    public int Number { get; } = number;

    /// <summary>Indices of the streams that read this partition.</summary>
    public int[] Streams { get; } = streams;

    /// <summary>Whether records carry a timestamp independent of the event's own.</summary>
    public bool HasTimestamps { get; } = hasTimestamps;

    /// <summary>Column names of a CSV partition, from its header or the job; empty for JSON. Set by the source before the first batch.</summary>
    public IReadOnlyList<string> Columns { get; set; } = [];

    /// <summary>First position that this process reads. Set by the source when it opens.</summary>
    public long Start { get; set; }

    /// <summary>What tells this topic from another of the same name: Kafka's topic id; empty for a file, which has a fingerprint. Set by the source when it opens.</summary>
    public string Identity { get; set; } = "";

    /// <summary>No end: the partition is followed.</summary>
    public const long NoEnd = long.MaxValue;

    /// <summary>Where a bounded run stops: a Kafka offset, or the file's own (compressed) length; <see cref="NoEnd"/> in a run that follows. Set by the source when it opens.</summary>
    public long End { get; set; } = NoEnd;

    /// <summary>The position behind the last record there is, as the source knew it last; -1 where it does not, as of a compressed file. Written by the source.</summary>
    public long KnownEnd { get => Volatile.Read(ref _knownEnd); set => Volatile.Write(ref _knownEnd, value); }

    /// <summary>Greatest accepted event time, ms; <see cref="NoTime"/> before the first.</summary>
    public long MaxEventTime { get => Volatile.Read(ref _maxEventTime); set => Volatile.Write(ref _maxEventTime, value); }

    /// <summary>The position up to which <see cref="MaxEventTime"/> is known; -1 before the first.</summary>
    public long Position { get => Volatile.Read(ref _position); set => Volatile.Write(ref _position, value); }

    /// <summary>Event time up to which it is read, with what is on its way to the partition block: <see cref="MaxEventTime"/>, or the source's estimate where that is later.</summary>
    public long ReadTo { get => Math.Max(MaxEventTime, Volatile.Read(ref _readTo)); set => Volatile.Write(ref _readTo, value); }

    /// <summary>This partition's own watermark, ms.</summary>
    public long Watermark { get => Volatile.Read(ref _watermark); set => Volatile.Write(ref _watermark, value); }

    /// <summary>Whether it counts for the watermark and for drift.</summary>
    public PartitionState State { get => (PartitionState)Volatile.Read(ref _state); set => Volatile.Write(ref _state, (int)value); }

    /// <inheritdoc/>
    public override string ToString() => $"{Source}-{Number}";
}

/// <summary>How a partition stands to the watermark.</summary>
public enum PartitionState
{
    /// <summary>It holds the watermark.</summary>
    Active,

    /// <summary>Read to its end, confirmed by an answer after the idle timeout.</summary>
    Idle,

    /// <summary>Read to the end position of a bounded run; its watermark is +∞.</summary>
    Ended,
}
