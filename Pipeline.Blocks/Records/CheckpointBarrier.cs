namespace Pipeline.Blocks.Records;

/// <summary>
/// A cut through the flow: put into the intake behind the sources, it passes every block in order. What came before it is before the cut in every block.
/// </summary>
/// <remarks>
/// Threading: each part is set by the one block that owns it, as the barrier passes; <see cref="Passed"/> completes when it has left the last sink,
/// with everything before it delivered.
/// </remarks>
/// <param name="id">Ascending number.</param>
public sealed class CheckpointBarrier(long id)
{
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ascending number.</summary>
    public long Id { get; } = id;

    /// <summary>Read positions by partition index at the cut; set by Partition.</summary>
    public long[] Positions { get; set; } = [];

    /// <summary>Greatest event time read before the cut, in any partition; set by Partition.</summary>
    public long MaxEventTime { get; set; } = SourcePartition.NoTime;

    /// <summary>The join's watermark at the cut; set by Partition.</summary>
    public long Watermark { get; set; } = SourcePartition.NoTime;

    /// <summary>Completes when the barrier has passed the last sink.</summary>
    public Task Passed => _passed.Task;

    /// <summary>Said by the sink when everything before the barrier is delivered.</summary>
    public void Pass() => _passed.TrySetResult();
}
