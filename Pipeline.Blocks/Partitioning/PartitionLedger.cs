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
}
