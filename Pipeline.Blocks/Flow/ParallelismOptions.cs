namespace Pipeline.Blocks.Flow;

/// <summary>What is tuned on the VM. No value changes a sample.</summary>
public sealed record ParallelismOptions
{
    /// <summary>Records parsed at once, in batches.</summary>
    /// <remarks>Not measured apart from lanes: two of each on two cores read 1.7 to 1.9 times as fast as one of each on one (perf/results/2026-11-29-night.md: "One core and two").</remarks>
    public int Parse { get; init; } = 2;

    /// <summary>Single-threaded join blocks the 64 key groups are spread over.</summary>
    /// <remarks>
    /// Fixed by the public interface, so that a job's state is laid out alike everywhere. On two cores four lanes read 2 % fewer records/s than two over 8 M exposures and 3 % more over 24 M
    /// (perf/results/2026-11-29-night.md: "One core and two").
    /// </remarks>
    public int Lanes { get; init; } = 4;

    /// <summary>Sample batches formatted at once.</summary>
    /// <remarks>Others were not measured: one thread formats a sample in 147 ns (perf/results/2026-11-28.md: "Stages by themselves"), some seven million a second.</remarks>
    public int Format { get; init; } = 1;

    /// <summary>Batches a block may hold; salts, lanes and format twice as many (<see cref="SentCapacity"/>).</summary>
    /// <remarks>
    /// More is no better: with 16 and 32 one core took up to a third more time (perf/results/2026-11-29.md: "Half a queue"). With 2 and 4 nothing was to be told (the same: "Who waits for the disk").
    /// </remarks>
    public int BlockCapacity { get; init; } = 8;

    /// <summary>Batches before a block that others send to by hand (<see cref="Inlet{T}"/>): twice as many, for a sender that found it full sends half a queue at once.</summary>
    /// <remarks>With as many as others hold one core took 22.8 and 22.3 s instead of 21.0 and 19.9 (perf/results/2026-11-29.md: "Half a queue").</remarks>
    public int SentCapacity => 2 * BlockCapacity;

    /// <summary>Most record batches that the flow holds, roughly: in the lanes' queues, which may hold different ones, before them and in the sources.</summary>
    /// <remarks>So many are kept for the next to fill. With 64 in all every stop of the flow, such as a checkpoint's, left some behind, to be made anew: 7 to 10 MB each time (perf/results/2026-11-29.md: "What a stop of the flow left behind").</remarks>
    public int RecordBatches => (Lanes * SentCapacity) + 64;

    /// <summary>Most records in a batch.</summary>
    /// <remarks>With 256 to 4,096 two cores took 11.5 to 12.0 s, with 2,048 11.3: nothing to be told (perf/results/2026-11-29.md: "Who waits for the disk", tried and not taken).</remarks>
    public int BatchRecords { get; init; } = 2048;
}
