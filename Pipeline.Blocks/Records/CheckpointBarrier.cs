namespace Pipeline.Blocks.Records;

/// <summary>
/// A cut through the flow: put into the intake behind the sources, it passes every block in order. What came before it is before the cut in every block.
/// </summary>
/// <remarks>
/// Every block that holds something keeps, until the next barrier, what it was when this one came by: <c>PartitionBlock.Cut</c>, <c>LaneBlock.Cut</c>,
/// <c>FormatLedger.UpTo</c>. So there is one barrier in the flow at a time.
/// Threading: immutable, but for <see cref="Passed"/>, which completes when it has left the last sink with everything before it delivered.
/// </remarks>
/// <param name="id">Ascending number.</param>
/// <param name="directory">Where each lane writes its snapshot, in a directory of its own; null: none is taken.</param>
public sealed class CheckpointBarrier(long id, string? directory = null)
{
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ascending number.</summary>
    public long Id { get; } = id;

    /// <summary>The checkpoint's directory; null: no lane takes a snapshot.</summary>
    public string? Directory { get; } = directory;

    /// <summary>Completes when the barrier has passed the last sink.</summary>
    public Task Passed => _passed.Task;

    /// <summary>Said by the sink when everything before the barrier is delivered.</summary>
    public void Pass() => _passed.TrySetResult();

    /// <summary>Where a lane writes its snapshot.</summary>
    public static string LaneDirectory(string checkpoint, int lane) => Path.Combine(checkpoint, $"lane-{lane}");
}
