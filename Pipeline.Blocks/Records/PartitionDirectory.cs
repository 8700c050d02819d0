namespace Pipeline.Blocks.Records;

/// <summary>All source partitions of the job, by index. Sources register them; everybody else looks them up.</summary>
/// <remarks>Threading: any; registration is rare and locked, reading is not.</remarks>
/// <param name="streamNames">Names of the streams by index, for messages; without them streams are named by index.</param>
public sealed class PartitionDirectory(IReadOnlyList<string>? streamNames = null)
{
    private readonly Lock _gate = new();
    private volatile SourcePartition[] _all = [];
    private readonly HashSet<SourcePartition> _recalled = [];
    private volatile int _idleHolder = NoStream;

    /// <summary>No stream.</summary>
    public const int NoStream = -1;

    /// <summary>Every partition so far; index = <see cref="SourcePartition.Index"/>.</summary>
    public IReadOnlyList<SourcePartition> All => _all;

    /// <summary>Number of partitions so far.</summary>
    public int Count => _all.Length;

    /// <summary>The partition with an index.</summary>
    public SourcePartition this[int index] => _all[index];

    /// <summary>Recalled partitions that no source has registered: what was read is not there any more.</summary>
    public IReadOnlyList<SourcePartition> Missing
    {
        get
        {
            lock (_gate) return [.. _recalled.OrderBy(static partition => partition.Index)];
        }
    }

    /// <summary>
    /// The stream that holds the join's watermark while all its partitions are idle; <see cref="NoStream"/> for none. Written by the partition block alone,
    /// read for drift control, where a value some batches old does no harm.
    /// </summary>
    public int IdleHolder { get => _idleHolder; set => _idleHolder = value; }

    /// <summary>Takes a partition of a checkpoint in, under its index there: before any source registers one, in the order of the indices.</summary>
    public SourcePartition Recall(string source, int number, int[] streams, bool hasTimestamps)
    {
        lock (_gate)
        {
            var recalled = new SourcePartition(_all.Length, source, number, streams, hasTimestamps);
            _all = [.. _all, recalled];
            _recalled.Add(recalled);
            return recalled;
        }
    }

    /// <summary>The partition of this name, made when it is new. A partition has one reader: only the streams that share a source may share it.</summary>
    /// <exception cref="PartitionConflictException">Another source, which is read by other streams, has registered it.</exception>
    public SourcePartition Register(string source, int number, int[] streams, bool hasTimestamps)
    {
        lock (_gate)
        {
            foreach (SourcePartition known in _all)
                if (known.Number == number && known.Source == source)
                {
                    if (!known.Streams.AsSpan().SequenceEqual(streams)) throw Conflict(known, streams);
                    _recalled.Remove(known);
                    return known;
                }
            var added = new SourcePartition(_all.Length, source, number, streams, hasTimestamps);
            _all = [.. _all, added];
            return added;
        }
    }

    private PartitionConflictException Conflict(SourcePartition known, int[] streams) => new(
        $"{known} is read by the source of {Names(known.Streams)} and by the source of {Names(streams)}, which differ: " +
        "make the sources equal in every key, or name what no other source names");

    private string Names(int[] streams) => string.Join(", ", streams.Select(stream => streamNames is null ? $"stream {stream}" : $"'{streamNames[stream]}'"));
}

/// <summary>Two sources of the job have a partition in common, by overlapping globs say. A mistake in the job file.</summary>
/// <param name="message">Which partition, and the streams of both sources.</param>
public sealed class PartitionConflictException(string message) : Exception(message);
