namespace Pipeline.Blocks.Flow;

/// <summary>What is tuned on the VM. No value changes a sample.</summary>
public sealed record ParallelismOptions
{
    /// <summary>Records parsed at once, in batches.</summary>
    public int Parse { get; init; } = 2;

    /// <summary>Single-threaded join blocks the 64 key groups are spread over.</summary>
    public int Lanes { get; init; } = 4;

    /// <summary>Sample batches formatted at once.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Batches a block may hold; salts, lanes and format twice as many (<see cref="SentCapacity"/>).</summary>
    public int BlockCapacity { get; init; } = 8;

    /// <summary>Batches before a block that others send to by hand (<see cref="Inlet{T}"/>): twice as many, for a sender that found it full sends half a queue at once.</summary>
    public int SentCapacity => 2 * BlockCapacity;

    /// <summary>Most records in a batch.</summary>
    public int BatchRecords { get; init; } = 2048;
}
