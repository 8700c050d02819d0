using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>The one thread that writes transactions: it commits one that is old or large enough, and one that is asked for.</summary>
/// <remarks>
/// Handing over holds no thread, however long brokers are away. The first error ends the thread: <see cref="Completion"/> fails with it at once, and every call throws it from then on. Threading: one caller at a time.
/// </remarks>
internal sealed class TransactionThread : IAsyncDisposable
{
    /// <summary>How long a transaction is kept open: what a reader waits for a sample.</summary>
    /// <remarks>
    /// With 500 ms samples were older than asked for by 0.40 s (median) and 1.10 s (p99), with 250 by 0.25 and 0.78 (perf/results/2026-11-28.md: "Age of samples"), and no fewer records/s came of it
    /// (the same: "What did not help", at its end).
    /// </remarks>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>A transaction is committed at so many samples: well below the client's queue, which progress must fit in as well. A bound; not measured.</summary>
    public const int TransactionSamples = ProducerSettings.QueueRecords / 4;

    /// <summary>… or bytes, which are kept until the commit, and are in the client's queue too. A bound; not measured.</summary>
    public const long TransactionBytes = 64L << 20;

    // What comes in during a commit: 65,536 samples of 512 B, a fifth of a second at 330,000 a second. Not measured.
    private const int QueuedBatches = 64;
    private const long QueuedBytes = 32L << 20;

    private readonly CommitQueue _queue = new(QueuedBatches, QueuedBytes);
    private readonly TransactionWriter _writer;
    private readonly TimeProvider _clock;
    private readonly ITimer _due;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _openedAt;
    private bool _disposed;

    /// <summary>Starts the thread.</summary>
    /// <param name="writer">Its writer, which it disposes of.</param>
    /// <param name="clock">The clock of the interval.</param>
    public TransactionThread(TransactionWriter writer, TimeProvider clock)
    {
        (_writer, _clock) = (writer, clock);
        _due = clock.CreateTimer(static queue => ((CommitQueue)queue!).Wake(), _queue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        new Thread(Serve) { IsBackground = true, Name = "sink transactions" }.Start();
    }

    /// <summary>Ends with the thread's work on the way at disposal.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Fails with the error that ended the thread; ends in success by disposal.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Takes a batch; waits while too many do.</summary>
    public ValueTask WriteAsync(OutputBatch batch, CancellationToken stop) => _queue.AddAsync(batch, stop);

    /// <summary>Ends when everything taken before is committed.</summary>
    public Task FlushAsync() => _queue.RunAsync(_writer.Flush);

    /// <summary>Lets the thread do something in its turn.</summary>
    public Task RunAsync(Action action) => _queue.RunAsync(action);

    /// <summary>Ends the thread; what is not committed by then is not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);
        await _due.DisposeAsync().ConfigureAwait(false);
        _queue.Dispose();
        _stopping.Dispose();
    }

    private void Serve()
    {
        SinkWork? work = null;
        try
        {
            while (true)
            {
                object? next = _queue.Take(_stopping.Token);
                work = next as SinkWork;
                if (next is OutputBatch batch) Write(batch);
                work?.Action();
                work?.Done.SetResult();
                if (IsDue()) _writer.Commit();
                else if (next is null && !_writer.Open.IsEmpty) WakeWhenDue();
            }
        }
        // Nobody awaits a thread: the error goes to whoever calls next, or waits already.
        catch (Exception failure)
        {
            work?.Done.TrySetException(failure);
            _queue.Fail(failure);
            if (!_stopping.IsCancellationRequested) _completion.SetException(failure);
        }
        _completion.TrySetResult();
        _writer.Dispose();
        _ended.SetResult();
    }

    private void Write(OutputBatch batch)
    {
        bool first = _writer.Open.IsEmpty;
        if (first) _openedAt = _clock.GetTimestamp();
        _writer.Write(batch);
        if (first) WakeWhenDue();
    }

    /// <summary>Sets the timer to the end of the interval.</summary>
    /// <remarks>A timer counts by a clock of whole milliseconds, which may step in several (four on Linux): it may come before the interval has passed, and is set again then. Pinned by <c>TimerThatComesEarly_IsSetAgain</c>.</remarks>
    private void WakeWhenDue()
    {
        TimeSpan left = Interval - _clock.GetElapsedTime(_openedAt);
        _due.Change((left > TimeSpan.Zero ? left : TimeSpan.Zero) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private bool IsDue() => !_writer.Open.IsEmpty
        && (_writer.Open.Samples >= TransactionSamples || _writer.Open.Bytes >= TransactionBytes || _clock.GetElapsedTime(_openedAt) >= Interval);
}
