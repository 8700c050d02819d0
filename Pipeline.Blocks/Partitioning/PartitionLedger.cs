using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>What became of records on their way to being on-time events, by stream.</summary>
/// <remarks>Threading: written by Partition, read by reports; a value may be some batches old.</remarks>
/// <param name="filters">Number of filters of each stream.</param>
public sealed class PartitionLedger(int[] filters)
{
    /// <summary>Records read, each once whatever number of streams reads it.</summary>
    public long SourceRecords;

    /// <summary>Records, once in every stream that reads them.</summary>
    public readonly long[] Records = new long[filters.Length];

    /// <summary>Rejected, by stream and reason.</summary>
    public readonly long[][] Rejected = [.. filters.Select(_ => new long[ReasonNames.Rejections])];

    /// <summary>Filtered, by stream and filter.</summary>
    public readonly long[][] Filtered = [.. filters.Select(count => new long[count])];

    /// <summary>Events.</summary>
    public readonly long[] Events = new long[filters.Length];

    /// <summary>Late by their own partition's watermark.</summary>
    public readonly long[] Late = new long[filters.Length];

    /// <summary>Late by a floor only.</summary>
    public readonly long[] LateIdle = new long[filters.Length];

    /// <summary>The same counts, in arrays of their own.</summary>
    public PartitionLedger Copy()
    {
        var copy = new PartitionLedger(filters);
        copy.Take(this);
        return copy;
    }

    /// <summary>Goes on from other counts, of the same streams; a filter that is no longer there keeps its count.</summary>
    public void Take(PartitionLedger other)
    {
        SourceRecords = other.SourceRecords;
        foreach ((long[] from, long[] to) in new[] { (other.Records, Records), (other.Events, Events), (other.Late, Late), (other.LateIdle, LateIdle) })
            from.CopyTo(to, 0);
        for (int stream = 0; stream < Records.Length; stream++)
        {
            other.Rejected[stream].CopyTo(Rejected[stream], 0);
            if (Filtered[stream].Length < other.Filtered[stream].Length) Filtered[stream] = new long[other.Filtered[stream].Length];
            other.Filtered[stream].CopyTo(Filtered[stream], 0);
        }
    }
}
