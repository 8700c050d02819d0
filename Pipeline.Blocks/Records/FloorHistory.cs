namespace Pipeline.Blocks.Records;

/// <summary>From a position of a partition on, its own watermark is no lower than this: what is below is <c>late_idle</c>.</summary>
/// <param name="Source">Topic, or path of a file.</param>
/// <param name="Number">Kafka partition; 0 for a file.</param>
/// <param name="Position">First position it holds for.</param>
/// <param name="Watermark">The join's watermark when the partition came back, or appeared; ms.</param>
public sealed record PartitionFloor(string Source, int Number, long Position, long Watermark);

/// <summary>A partition that is idle, and where: whatever comes there next has the join's watermark of that time as its floor.</summary>
/// <param name="Source">Topic, or path of a file.</param>
/// <param name="Number">Kafka partition; 0 for a file.</param>
/// <param name="Position">The next position it will have.</param>
public sealed record IdlePartition(string Source, int Number, long Position);

/// <summary>
/// The floors of the flow at one moment: the one decision that does not come from the input, and so what each commit and each checkpoint carries. Together
/// with the watermark beside it, an idle partition stands for a floor of that watermark at its position.
/// </summary>
/// <remarks>Immutable. Partition makes a new one whenever something changes, with a higher <see cref="Sequence"/>.</remarks>
/// <param name="Sequence">Ascending within a process.</param>
/// <param name="Applied">In force or in force once, and not known to have refused nothing.</param>
/// <param name="Idle">Partitions idle now.</param>
public sealed record FloorHistory(long Sequence, IReadOnlyList<PartitionFloor> Applied, IReadOnlyList<IdlePartition> Idle)
{
    /// <summary>No floor, nothing idle.</summary>
    public static FloorHistory Empty { get; } = new(0, [], []);
}
