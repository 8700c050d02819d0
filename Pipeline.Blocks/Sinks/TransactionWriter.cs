using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>
/// Writes samples in transactions that carry their progress, and gets every one of them committed once, whatever call fails and however: it keeps a transaction's
/// batches until it knows that they are committed.
/// </summary>
/// <remarks>
/// What was asked for is written down in fields, and <see cref="Attempt"/> does what is still missing of it: after a failure it is called again, and goes on with
/// the call that failed, with another transaction, or with another client, as the <see cref="TransactionFault"/> says. Where the outcome of a commit is unknown
/// the progress is read: it holds the number of commits and who made the last one. Threading: one thread. Errors: <see cref="SinkFencedException"/>,
/// <see cref="SinkUnavailableException"/>, <see cref="DeliveryFailedException"/>, <see cref="SinkRefusedException"/>; after one of them the writer only disposes.
/// </remarks>
/// <param name="topics">Topic and job, for messages.</param>
/// <param name="outage">Says that brokers are away; also told by the clients.</param>
/// <param name="connect">Makes a client.</param>
/// <param name="reader">Reads progress.</param>
/// <param name="pause">Waits; throws when the sink is disposed of.</param>
/// <param name="telemetry">Told of commits; null: nobody.</param>
internal sealed class TransactionWriter(
    string topics, SinkOutage outage, Func<ITransactionalProducer> connect, IProgressReader reader, Action<TimeSpan, CancellationToken> pause, SinkTelemetry? telemetry = null) : IDisposable
{
    /// <summary>How long one that may have been fenced waits for the new instance to commit who it is.</summary>
    public static readonly TimeSpan OwnerPause = TimeSpan.FromSeconds(2);

    // A full queue holds over a second of samples: a pause this long never empties it.
    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly OpenTransaction _open = new();
    private ITransactionalProducer? _producer;
    private Progress? _committed;
    private CancellationToken _stop;
    private string? _owner;
    private bool _owns;
    private bool _initialized;
    private bool _begun;
    private bool _mustAbort;
    private bool _mustSettle;
    private bool _commitTried;
    private long _commitBegan;

    /// <summary>The progress committed last by this writer; null before its first.</summary>
    public Progress? Committed => _owns ? Volatile.Read(ref _committed) : null;

    /// <summary>What the transaction holds so far.</summary>
    public OpenTransaction Open => _open;

    /// <summary>Connects and fences older instances.</summary>
    /// <param name="limit">How long that may take.</param>
    /// <param name="stop">Ends waiting, now and later.</param>
    public void Connect(TimeSpan limit, CancellationToken stop)
    {
        _stop = stop;
        TimeSpan later = outage.Limit;
        outage.Limit = limit;
        Advance(commit: false);
        outage.End();
        outage.Limit = later;
    }

    /// <summary>Commits the progress that this run goes on from, as its owner.</summary>
    /// <param name="found">What was read last, behind <see cref="Connect"/>; null: nothing.</param>
    /// <param name="start">What to commit.</param>
    public void Begin(Progress? found, Progress start)
    {
        (_committed, _owner) = (found, start.Owner);
        _open.Start(start with { Commits = Math.Max(start.Commits, found?.Commits ?? 0) + 1 });
        Advance(commit: true);
    }

    /// <summary>Takes a batch into the transaction; begins one if there is none.</summary>
    public void Write(OutputBatch batch)
    {
        _open.Add(batch);
        Advance(commit: false);
    }

    /// <summary>Commits what was written; nothing to do when nothing was.</summary>
    public void Commit() => Advance(commit: true);

    /// <summary>Commits what was written, and once begun also when nothing was: an instance without samples learns by it that it was fenced.</summary>
    public void Flush()
    {
        if (_owns) _open.Confirm();
        Advance(commit: true);
    }

    /// <summary>Ends the client, and aborts what is open: readers need not wait for its timeout. Without a broker that is not waited for.</summary>
    public void Dispose()
    {
        if (_begun && !outage.Lasts)
        {
            try
            {
                _producer?.Abort();
            }
            catch (TransactionException)
            {
                // The broker does it, at the timeout or when the next instance starts.
            }
        }
        _producer?.Dispose();
        _producer = null;
        _open.Release();
    }

    private void Advance(bool commit)
    {
        for (int failures = 0; ; failures++)
        {
            try
            {
                Attempt(commit);
                return;
            }
            catch (TransactionException failed)
            {
                Recover(failed, failures);
            }
        }
    }

    private void Attempt(bool commit)
    {
        if (_producer is null)
        {
            if (_mustSettle) ThrowIfFenced(reader.Read(_stop));
            _producer = connect();
        }
        if (!_initialized)
        {
            _producer.Init();
            _initialized = true;
        }
        if (_mustAbort)
        {
            _producer.Abort();
            (_mustAbort, _begun) = (false, false);
            telemetry?.Aborted();
        }
        if (_mustSettle) Settle();
        if (_open.IsEmpty) return;
        if (!_begun)
        {
            _producer.Begin();
            _begun = true;
            _open.Rewind();
        }
        ProduceSamples(_producer);
        if (commit) Commit(_producer);
    }

    private void ProduceSamples(ITransactionalProducer producer)
    {
        while (_open.Next() is { } batch)
        {
            _open.Record = producer.Produce(batch, _open.Record);
            if (_open.Record < batch.Count) pause(QueuePause, _stop);
        }
    }

    private void Commit(ITransactionalProducer producer)
    {
        List<ProgressRecord> records = _open.Records(_committed);
        while (_open.Produced < records.Count)
        {
            if (producer.Produce(records[_open.Produced])) _open.Produced++;
            else pause(QueuePause, _stop);
        }
        _commitTried = true;
        _commitBegan = telemetry?.Now ?? 0;
        CrashPoint.Reach(CrashPoint.BeforeCommit);
        producer.Commit();
        CrashPoint.Reach(CrashPoint.AfterCommit);
        Accept();
    }

    private void Accept()
    {
        Volatile.Write(ref _committed, _open.Target);
        _owns = true;
        telemetry?.Committed(_commitBegan);
        if (telemetry is not null) _open.Tell(telemetry.Delivered);
        _open.Release();
        (_begun, _commitTried) = (false, false);
        outage.End();
    }

    private void Recover(TransactionException failed, int failures)
    {
        if (failed.Fault == TransactionFault.Refused) throw new DeliveryFailedException($"{topics}: {failed.Message}", failed);
        outage.Begin(failed.Message);
        outage.ThrowIfTooLong(failed);
        // Before it is initialised there is nothing that could be aborted. Once a commit was tried an abort proves nothing: the broker may still be carrying the
        // commit out, and the progress read meanwhile is the old one. Only a new client's Init waits until that is over.
        bool lost = failed.Fault == TransactionFault.Lost || (failed.Fault == TransactionFault.Abortable && (!_initialized || _commitTried));
        if (lost) Lose();
        else if (failed.Fault == TransactionFault.Abortable) _mustAbort = true;
        // 100 ms · 2^6 is past the longest pause.
        TimeSpan wait = FirstPause * (1 << Math.Min(failures, 6));
        if (wait > LongestPause) wait = LongestPause;
        pause(lost && wait < OwnerPause ? OwnerPause : wait, _stop);
    }

    private void Lose()
    {
        if (_begun) telemetry?.Aborted();
        _producer?.Dispose();
        _producer = null;
        (_initialized, _begun, _mustAbort) = (false, false, false);
        _mustSettle = true;
    }

    /// <summary>Finds out whether the transaction that was interrupted is committed; from <c>Init</c> on nothing about it can change.</summary>
    private void Settle()
    {
        Progress? found = reader.Read(_stop);
        ThrowIfFenced(found);
        if (_commitTried && found is not null && Same(found, _open.Target)) Accept();
        (_mustSettle, _commitTried) = (false, false);
    }

    /// <summary>Throws unless the progress is what was committed last, or was being committed.</summary>
    private void ThrowIfFenced(Progress? found)
    {
        // Before Begin there is nothing yet that another could take over.
        if (_owner is null || (found is null && _committed is null)) return;
        if (found is null) throw new SinkRefusedException($"{topics}: expected the progress of commit {_committed!.Commits}, found none: the progress topic was emptied or deleted");
        if (Same(found, _committed) || (_commitTried && Same(found, _open.Target))) return;
        if (found.Owner == _owner)
            throw new InvariantException($"{topics}: expected the progress of commit {_committed?.Commits}, found {found.Commits} of the same owner {_owner}");
        telemetry?.WasFenced();
        throw new SinkFencedException($"{topics}: instance {found.Owner} has taken over from {_owner}, which wrote nothing since and stops");
    }

    private static bool Same(Progress found, Progress? known) => known is not null && found.Owner == known.Owner && found.Commits == known.Commits;
}
