namespace Pipeline.Blocks.Flow;

/// <summary>Keeps used batches for the next to fill.</summary>
/// <remarks>Threading: any. Ownership: a rented batch is the caller's until it is returned, once; on a fault it is not returned and the collector takes it.</remarks>
/// <typeparam name="T">The batch.</typeparam>
/// <param name="make">Makes a batch when none is idle.</param>
/// <param name="keep">Most idle batches kept.</param>
public sealed class BatchPool<T>(Func<T> make, int keep = 64)
    where T : class
{
    private readonly Stack<T> _idle = new(keep);
    private readonly Lock _gate = new();

    /// <summary>A batch, as its last owner left it: owners clear what they return.</summary>
    public T Rent()
    {
        lock (_gate)
            if (_idle.TryPop(out T? batch)) return batch;
        return make();
    }

    /// <summary>Gives a cleared batch back.</summary>
    public void Return(T batch)
    {
        lock (_gate)
            if (_idle.Count < keep) _idle.Push(batch);
    }
}
