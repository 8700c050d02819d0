using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

/// <summary>A call that the model can let fail.</summary>
public enum TransactionCall
{
    Init,
    Begin,
    Samples,
    ProgressRecord,
    Commit,
    Abort,
    Read,
}

/// <summary>How a call fails.</summary>
public enum TransactionFailure
{
    /// <summary>Nothing was done; the same call is to be repeated.</summary>
    Retriable,

    /// <summary>It was done, which only the repeated call says.</summary>
    RetriableDone,

    /// <summary>Nothing was done; the transaction is to be aborted.</summary>
    Abortable,

    /// <summary>The coordinator aborted the transaction at its timeout, and this client is of no more use.</summary>
    TimedOut,

    /// <summary>The answer is lost; it was done.</summary>
    UnknownDone,

    /// <summary>The answer is lost; it was not done.</summary>
    UnknownNotDone,

    /// <summary>The answer is lost; it will be done by when the next client has initialised.</summary>
    UnknownDoneLater,

    /// <summary>Another instance initialised and committed that it is the owner.</summary>
    Fenced,

    /// <summary>No room for the record, or for more than one of the batch.</summary>
    QueueFull,
}

/// <summary>A broker as a transactional client sees it, and what a read_committed reader finds in it; calls fail as a test's script says.</summary>
/// <remarks>It is strict: a call that the protocol does not allow in its place is the caller's bug, and throws.</remarks>
internal sealed class TransactionModel(Func<TransactionCall, TransactionFailure?> script) : IProgressReader
{
    private readonly List<(byte[] Key, byte[]? Value)> _progress = [];
    private Client? _current;
    private Client? _decided;
    private bool _taken;

    private Func<TransactionCall, TransactionFailure?> Script => script;

    /// <summary>Committed samples in their order.</summary>
    public List<string> Samples { get; } = [];

    /// <summary>Transactions committed after another instance took over.</summary>
    public int CommitsOfTheFenced { get; private set; }

    /// <summary>Clients made and not disposed of.</summary>
    public int Alive { get; private set; }

    public ITransactionalProducer Connect()
    {
        Alive++;
        return new Client(this);
    }

    /// <summary>What a start reads, which never fails.</summary>
    public Progress? Read()
    {
        var fold = new ProgressFold("model");
        foreach ((byte[] key, byte[]? value) in _progress) fold.Add(key, value, 0);
        return fold.Result();
    }

    public Progress? Read(CancellationToken stop) => script(TransactionCall.Read) is null ? Read() : throw new TransactionException(TransactionFault.Retriable, "read");

    /// <summary>Another instance takes over and says so.</summary>
    private void TakeOver()
    {
        _current = null;
        _taken = true;
        Progress mine = Read() ?? EmittedBatches.Start("other");
        List<ProgressRecord> records = [];
        ProgressRecords.All(mine with { Owner = "other", Commits = mine.Commits + 1 }, records);
        foreach (ProgressRecord record in records) _progress.Add((record.Key, record.Value));
    }

    private sealed class Client(TransactionModel model) : ITransactionalProducer
    {
        // Read when they are committed, as a client does that copies nothing.
        private readonly List<(OutputBatch Batch, int At)> _samples = [];
        private readonly List<(byte[] Key, byte[]? Value)> _progress = [];
        private TransactionCall? _repeat;
        private TransactionCall? _answered;
        private bool _ready, _open, _abort, _dead;

        public void Init() => Call(TransactionCall.Init, !_ready, () =>
        {
            // A commit that the coordinator has decided on is completed, anything else of the former client is aborted.
            model._decided?.Apply();
            model._decided = null;
            (model._current, _ready) = (this, true);
            model._taken = false;
        });

        public void Begin() => Call(TransactionCall.Begin, _ready && !_open, () => _open = true);

        public int Produce(OutputBatch batch, int from)
        {
            int end = batch.Count;
            bool full = Call(TransactionCall.Samples, _open, () =>
            {
                for (int next = from; next < end; next++) _samples.Add((batch, next));
            });
            if (!full) return end;
            _samples.Add((batch, from));
            return from + 1;
        }

        public bool Produce(in ProgressRecord record)
        {
            // The client copies, and so its caller may use the array again.
            (byte[], byte[]?) taken = (record.Key, record.Value?.ToArray());
            return !Call(TransactionCall.ProgressRecord, _open, () => _progress.Add(taken));
        }

        public void Commit() => Call(TransactionCall.Commit, _open, Apply);

        public void Abort() => Call(TransactionCall.Abort, _open || _abort, Drop);

        public void Dispose()
        {
            if (!_dead) model.Alive--;
            _dead = true;
        }

        public void Apply()
        {
            if (model._taken) model.CommitsOfTheFenced++;
            foreach ((OutputBatch batch, int at) in _samples) model.Samples.Add(Read(batch, at));
            model._progress.AddRange(_progress);
            Drop();
        }

        private void Drop()
        {
            _samples.Clear();
            _progress.Clear();
            (_open, _abort) = (false, false);
        }

        private static string Read(OutputBatch batch, int at)
        {
            if (at >= batch.Count) throw new InvalidOperationException("A sample's batch was released before the sample was committed");
            return Encoding.UTF8.GetString(batch.Bytes, batch.Records[at].ValueStart, batch.Records[at].ValueLength);
        }

        /// <summary>Whether there was no room.</summary>
        private bool Call(TransactionCall call, bool allowed, Action effect)
        {
            if (_dead) throw new InvalidOperationException($"{call} on a client that is of no more use");
            if (_repeat is { } repeat && repeat != call) throw new InvalidOperationException($"{call} where {repeat} was to be repeated");
            if (_abort && call != TransactionCall.Abort) throw new InvalidOperationException($"{call} where an abort was due");
            if (_repeat is null && !allowed) throw new InvalidOperationException($"{call} in the wrong place");
            _repeat = null;
            if (_ready && model._current != this) throw Lose("fenced");
            if (_answered == call)
            {
                _answered = null;
                return false;
            }
            switch (model.Script(call))
            {
                case null:
                    effect();
                    return false;
                case TransactionFailure.QueueFull:
                    return true;
                case TransactionFailure.Retriable:
                    _repeat = call;
                    throw new TransactionException(TransactionFault.Retriable, $"{call}: retriable");
                case TransactionFailure.RetriableDone:
                    effect();
                    (_repeat, _answered) = (call, call);
                    throw new TransactionException(TransactionFault.Retriable, $"{call}: retriable, done");
                case TransactionFailure.Abortable:
                    _abort = true;
                    throw new TransactionException(TransactionFault.Abortable, $"{call}: abortable");
                case TransactionFailure.TimedOut:
                    model._current = null;
                    throw Lose($"{call}: timed out");
                case TransactionFailure.UnknownDone:
                    effect();
                    throw Lose($"{call}: unknown, done");
                case TransactionFailure.UnknownNotDone:
                    throw Lose($"{call}: unknown, not done");
                case TransactionFailure.UnknownDoneLater:
                    if (call == TransactionCall.Commit) model._decided = this;
                    throw Lose($"{call}: unknown, done later");
                case TransactionFailure.Fenced:
                    model.TakeOver();
                    throw Lose($"{call}: fenced");
                default:
                    throw new InvalidOperationException("No such failure");
            }
        }

        private TransactionException Lose(string message)
        {
            Dispose();
            return new TransactionException(TransactionFault.Lost, message);
        }
    }
}
