using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>One transactional client, and so one producer epoch: everything the sink asks of Kafka beside reading progress.</summary>
/// <remarks>
/// Threading: one caller at a time. Every call but disposal may throw <see cref="TransactionException"/>, whose fault says how to go on. Disposal drops what is
/// open or queued, and ends the client for good.
/// </remarks>
internal interface ITransactionalProducer : IDisposable
{
    /// <summary>Fences older clients of the same transactional id and ends what they left open; may take a while, and be called again.</summary>
    void Init();

    /// <summary>Begins a transaction.</summary>
    void Begin();

    /// <summary>
    /// Queues samples of a batch from one on; returns the first that had no room. What it takes it need not copy: the batch stays as it is until <see cref="Commit"/> or
    /// <see cref="Abort"/> has returned, or this is disposed of.
    /// </summary>
    int Produce(OutputBatch batch, int from);

    /// <summary>Queues a record of the progress topic, which it copies; false: there was no room.</summary>
    bool Produce(in ProgressRecord record);

    /// <summary>Delivers what is queued and commits it.</summary>
    void Commit();

    /// <summary>Drops what is queued and aborts the transaction.</summary>
    void Abort();
}

/// <summary>Reads what is committed, through a client of its own that disturbs nobody.</summary>
internal interface IProgressReader
{
    /// <summary>The committed progress, read to its end as of the call; null when there is none.</summary>
    /// <remarks>Errors: <see cref="TransactionException"/> with <see cref="TransactionFault.Retriable"/>; <see cref="SinkRefusedException"/> for what is no progress.</remarks>
    Progress? Read(CancellationToken stop);
}

/// <summary>How to go on after a transactional call failed.</summary>
internal enum TransactionFault
{
    /// <summary>The same call again, with the same arguments.</summary>
    Retriable,

    /// <summary>Abort, and everything of the transaction again.</summary>
    Abortable,

    /// <summary>The client is of no more use, or nobody knows what became of the call: a new client, and the progress tells.</summary>
    Lost,

    /// <summary>No repetition will help.</summary>
    Refused,
}

/// <summary>A transactional call failed.</summary>
/// <param name="fault">How to go on.</param>
/// <param name="message">The error.</param>
/// <param name="inner">The client's exception.</param>
internal sealed class TransactionException(TransactionFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How to go on.</summary>
    public TransactionFault Fault { get; } = fault;
}
