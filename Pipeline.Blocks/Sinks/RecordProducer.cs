using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Produces samples record by record through Confluent.Kafka.</summary>
/// <remarks>
/// See <see cref="ISampleProducer"/>. <see cref="BatchProducer"/> is held against it; it is used where librdkafka cannot be called beside Confluent.Kafka, and
/// where a handler is needed that only Confluent.Kafka has. The message, its headers and the delivery handler are shared: the client keeps none of them.
/// </remarks>
internal sealed class RecordProducer : ISampleProducer
{
    private readonly string _topic;
    private readonly TopicPartition _anyPartition;
    private readonly Deliveries _deliveries;
    private readonly IProducer<Slice, Slice> _producer;
    private readonly Message<Slice, Slice> _message = new() { Headers = [] };
    private readonly Action<DeliveryReport<Slice, Slice>> _ended;

    /// <summary>Makes the client; it connects by itself.</summary>
    public RecordProducer(KafkaSinkOptions options, SinkSettings settings)
    {
        _topic = options.Topic;
        _anyPartition = new TopicPartition(options.Topic, Partition.Any);
        _deliveries = new Deliveries(options.Bootstrap, options.Topic, settings.Log);
        _ended = report => _deliveries.Ended(report.Error, report.Partition);
        _producer = new ProducerBuilder<Slice, Slice>(ProducerSettings.For(options, settings))
            .SetKeySerializer(new SliceSerializer())
            .SetValueSerializer(new SliceSerializer())
            .SetErrorHandler((_, error) => _deliveries.Notice(error))
            .SetLogHandler(static (_, _) => { })
            .Build();
    }

    /// <inheritdoc/>
    public int Produce(OutputBatch batch, int from)
    {
        for (int next = from; next < batch.Count; next++)
        {
            OutputRecord record = batch.Records[next];
            _message.Key = new Slice(batch.Bytes, record.KeyStart, record.KeyLength);
            _message.Value = new Slice(batch.Bytes, record.ValueStart, record.ValueLength);
            try
            {
                _producer.Produce(_anyPartition, _message, _ended);
            }
            catch (ProduceException<Slice, Slice> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                return next;
            }
            catch (ProduceException<Slice, Slice> refused)
            {
                ThrowIfFailed();
                throw new DeliveryFailedException($"Topic {_topic}: a sample of {record.ValueLength} bytes was refused: {refused.Error.Code}: {refused.Error.Reason}{Hint(refused.Error)}", refused);
            }
            _deliveries.Sent(record.ValueLength);
        }
        return batch.Count;
    }

    /// <summary>What to do about a refusal.</summary>
    internal static string Hint(Error error) =>
        error.Code == ErrorCode.MsgSizeTooLarge ? "; the sink's property message.max.bytes and the topic's max.message.bytes must be above that" : "";

    /// <inheritdoc/>
    public bool Flush(TimeSpan limit)
    {
        _producer.Flush(limit);
        return _deliveries.AllEnded;
    }

    /// <inheritdoc/>
    public void ThrowIfFailed() => _deliveries.ThrowIfFailed();

    /// <inheritdoc/>
    public void Dispose() => _producer.Dispose();
}
