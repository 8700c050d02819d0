namespace Pipeline.Blocks.Records;

/// <summary>All source partitions of the job, by index. Sources register them; everybody else looks them up.</summary>
/// <remarks>Threading: any; registration is rare and locked, reading is not.</remarks>
public sealed class PartitionDirectory
{
    private readonly Lock _gate = new();
    private volatile SourcePartition[] _all = [];

    /// <summary>Every partition so far; index = <see cref="SourcePartition.Index"/>.</summary>
    public IReadOnlyList<SourcePartition> All => _all;

    /// <summary>Number of partitions so far.</summary>
    public int Count => _all.Length;

    /// <summary>The partition with an index.</summary>
    public SourcePartition this[int index] => _all[index];

    /// <summary>The partition of this name, made when it is new.</summary>
    public SourcePartition Register(string source, int number, int[] streams, bool hasTimestamps)
    {
        lock (_gate)
        {
            foreach (SourcePartition known in _all)
                if (known.Number == number && known.Source == source) return known;
            var added = new SourcePartition(_all.Length, source, number, streams, hasTimestamps);
            _all = [.. _all, added];
            return added;
        }
    }
}
