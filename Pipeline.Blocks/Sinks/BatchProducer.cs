using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Produces samples in batches through a client of its own.</summary>
/// <remarks>See <see cref="ISampleProducer"/>. Only failures are reported; that all have ended is told by the client's count of what it still has.</remarks>
internal sealed class BatchProducer : ISampleProducer
{
    private readonly string _topic;
    private readonly Deliveries _deliveries;
    private readonly NativeProducer _client;
    private readonly NativeTopic _native;
    private readonly Lock _counting = new();
    private long _taken;
    private long _endedWhenAway = -1;

    /// <summary>Makes the client; it connects by itself.</summary>
    /// <exception cref="InvalidOperationException">librdkafka refuses a property, or some that do not go together.</exception>
    public BatchProducer(KafkaSinkOptions options, SinkSettings settings)
    {
        _topic = options.Topic;
        _deliveries = new Deliveries(options.Bootstrap, options.Topic, settings.Log);
        ProducerConfig configuration = ProducerSettings.For(options, settings);
        _client = new NativeProducer(configuration, _deliveries.Ended, _deliveries.Notice, LookForAcknowledgements);
        try
        {
            _native = new NativeTopic(_client, options.Topic, configuration.MessageMaxBytes ?? 0, copies: true);
        }
        catch
        {
            _client.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Produce(OutputBatch batch, int from)
    {
        for (int at = from; at < batch.Count; at++) _deliveries.Note(batch.Records[at].ValueLength);
        int next;
        Error? refusal;
        // Together, so that what has ended is their difference at any time.
        lock (_counting)
        {
            next = _native.Produce(batch, from, out refusal);
            _taken += next - from;
        }
        if (refusal is null || refusal.Code == ErrorCode.Local_QueueFull) return next;
        ThrowIfFailed();
        throw new DeliveryFailedException(
            $"Topic {_topic}: a sample of {batch.Records[next].ValueLength} bytes was refused: {refusal.Code}: {refusal.Reason}{RecordProducer.Hint(refusal)}", new KafkaException(refusal));
    }

    /// <inheritdoc/>
    public bool Flush(TimeSpan limit) => _client.Flush(limit);

    /// <inheritdoc/>
    public void ThrowIfFailed() => _deliveries.ThrowIfFailed();

    /// <inheritdoc/>
    public void Dispose()
    {
        _native.Dispose();
        _client.Dispose();
    }

    /// <summary>While the broker is away: it is back when more records have ended than had when that was noticed.</summary>
    private void LookForAcknowledgements()
    {
        if (!_deliveries.Away) return;
        lock (_counting)
        {
            // Not there yet when the client calls from within its making.
            if (_client?.Undelivered is not { } left) return;
            long ended = _taken - left;
            if (_endedWhenAway < 0) _endedWhenAway = ended;
            if (ended <= _endedWhenAway) return;
            _endedWhenAway = -1;
        }
        _deliveries.Returned();
    }
}
