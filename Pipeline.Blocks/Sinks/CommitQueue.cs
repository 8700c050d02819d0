using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Hands batches and other work to the sink's thread in order: bounded, and nobody who hands over holds a thread while it is full.</summary>
/// <remarks>
/// Threading: one caller hands over at a time, one thread takes. After <see cref="Fail"/> every call and all that waits throws the failure.
/// </remarks>
/// <param name="batches">Bound, in batches.</param>
/// <param name="bytes">Bound, in bytes; a larger batch is let in alone.</param>
internal sealed class CommitQueue(int batches, long bytes) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<object> _items = [];
    private readonly SemaphoreSlim _wake = new(0);
    private TaskCompletionSource? _room;
    private ExceptionDispatchInfo? _failure;
    private int _batches;
    private long _bytes;

    /// <summary>Hands a batch over; waits while the queue is full.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AddAsync(OutputBatch batch, CancellationToken stop)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                _failure?.Throw();
                if (_batches == 0 || (_batches < batches && _bytes + batch.BytesUsed <= bytes))
                {
                    (_batches, _bytes) = (_batches + 1, _bytes + batch.BytesUsed);
                    _items.Enqueue(batch);
                    break;
                }
                _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }
            await room.WaitAsync(stop).ConfigureAwait(false);
        }
        _wake.Release();
    }

    /// <summary>Hands work over, behind all batches; the task ends with it.</summary>
    public Task RunAsync(Action action)
    {
        var work = new SinkWork(action);
        lock (_gate)
        {
            _failure?.Throw();
            _items.Enqueue(work);
        }
        _wake.Release();
        return work.Done.Task;
    }

    /// <summary>Wakes the thread, which finds nothing unless there is something.</summary>
    public void Wake() => _wake.Release();

    /// <summary>Waits to be woken and takes what is next: a batch, work, or null.</summary>
    public object? Take(CancellationToken stop)
    {
        _wake.Wait(stop);
        lock (_gate)
        {
            if (!_items.TryDequeue(out object? item)) return null;
            if (item is not OutputBatch batch) return item;
            (_batches, _bytes) = (_batches - 1, _bytes - batch.BytesUsed);
            _room?.SetResult();
            _room = null;
            return item;
        }
    }

    /// <summary>Ends it: what waits, and every later call, throws this.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
            foreach (object item in _items)
                if (item is SinkWork work) work.Done.TrySetException(failure);
                else ((OutputBatch)item).Release();
            _items.Clear();
            _room?.SetResult();
            _room = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _wake.Dispose();
}

/// <summary>Something for the sink's thread to do.</summary>
/// <param name="Action">What.</param>
internal sealed record SinkWork(Action Action)
{
    /// <summary>Ends with it.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
