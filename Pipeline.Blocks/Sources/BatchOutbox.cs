using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Hands batches to the intake in order, without waiting where it is full: for a thread that has other duties meanwhile.</summary>
/// <remarks>Threading: one thread. Errors: an intake that declines a batch throws <see cref="InvalidOperationException"/>.</remarks>
internal sealed class BatchOutbox
{
    private readonly ITargetBlock<RecordBatch> _intake;
    private readonly Queue<RecordBatch> _waiting = [];
    private readonly object _gate = new();
    private readonly Action _wake;
    private Task<bool>? _sending;
    private Task<bool>? _watched;

    /// <summary>An empty outbox.</summary>
    /// <param name="intake">Who takes the batches.</param>
    public BatchOutbox(ITargetBlock<RecordBatch> intake)
    {
        _intake = intake;
        _wake = Wake;
    }

    /// <summary>Batches the intake has not taken yet.</summary>
    public int Count { get; private set; }

    /// <summary>Takes a batch over.</summary>
    public void Add(RecordBatch batch)
    {
        Count++;
        _waiting.Enqueue(batch);
        Pump();
    }

    /// <summary>Hands over what the intake takes now.</summary>
    public void Pump()
    {
        while (true)
        {
            if (_sending is not null)
            {
                if (!_sending.IsCompleted) return;
                if (!_sending.GetAwaiter().GetResult()) throw new InvalidOperationException("The intake declined a batch: it is completed or has failed");
                _sending = null;
                Count--;
            }
            if (!_waiting.TryDequeue(out RecordBatch? next)) return;
            _sending = _intake.SendAsync(next);
        }
    }

    /// <summary>Waits a while for the intake to take a batch.</summary>
    public void Wait(TimeSpan limit)
    {
        if (_sending is { } sending)
        {
            // Not the task's own wait handle, which would be made anew for each batch.
            if (_watched != sending)
            {
                _watched = sending;
                sending.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_wake);
            }
            // A wake that comes late from the send before ends one wait early, and no more.
            lock (_gate)
                if (!sending.IsCompleted) Monitor.Wait(_gate, limit);
        }
        Pump();
    }

    private void Wake()
    {
        lock (_gate) Monitor.Pulse(_gate);
    }
}
