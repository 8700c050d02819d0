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

    /// <summary>Most record batches that the flow holds, roughly: in the lanes' queues, which may hold different ones, before them and in the sources.</summary>
    /// <remarks>So many are kept for the next to fill. With 64 in all every stop of the flow, such as a checkpoint's, left some behind, to be made anew: 7 to 10 MB each time (perf/results/2026-11-29.md: "What a stop of the flow left behind").</remarks>
    public int RecordBatches => (Lanes * SentCapacity) + 64;

    /// <summary>Most records in a batch.</summary>
    public int BatchRecords { get; init; } = 2048;
}
