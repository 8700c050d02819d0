using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>The client that a Kafka sink hands samples to: one that produces record by record, in batches, or in transactions.</summary>
/// <remarks>Threading: one caller at a time; deliveries are counted by the client's threads. Disposal drops what is queued.</remarks>
internal interface ISampleProducer : IDisposable
{
    /// <summary>Queues records of a batch from one on; returns the first that had no room. What it takes it has copied.</summary>
    /// <remarks>Errors: <see cref="DeliveryFailedException"/> for a record the client refuses.</remarks>
    int Produce(OutputBatch batch, int from);

    /// <summary>Waits a while for what is queued to be delivered; tells whether all of it has been, one way or the other.</summary>
    bool Flush(TimeSpan limit);

    /// <summary>Throws the first failed delivery.</summary>
    void ThrowIfFailed();
}
