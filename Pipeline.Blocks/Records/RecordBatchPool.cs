using System.Collections.Concurrent;

namespace Pipeline.Blocks.Records;

/// <summary>Keeps returned batches, with their grown buffers, for the sources to fill again.</summary>
/// <remarks>Threading: any. Memory: at most <see cref="Keep"/> idle batches; buffers over <c>maxBytes</c> are let go, so that one huge record is not kept for ever.</remarks>
/// <param name="maxBytes">Largest buffer kept.</param>
public sealed class RecordBatchPool(int maxBytes = 8 << 20)
{
    private readonly ConcurrentBag<RecordBatch> _idle = [];
    private int _count;

    /// <summary>Idle batches kept; to be set before batches are returned.</summary>
    public int Keep { get; set; } = 64;

    /// <summary>An empty batch, owned by the caller.</summary>
    public RecordBatch Rent()
    {
        if (_idle.TryTake(out RecordBatch? batch)) Interlocked.Decrement(ref _count);
        else batch = new RecordBatch(this);
        batch.Rented();
        return batch;
    }

    internal void Return(RecordBatch batch)
    {
        if (batch.Bytes.Length > maxBytes || Interlocked.Increment(ref _count) > Keep)
        {
            if (batch.Bytes.Length <= maxBytes) Interlocked.Decrement(ref _count);
            return;
        }
        _idle.Add(batch);
    }
}
