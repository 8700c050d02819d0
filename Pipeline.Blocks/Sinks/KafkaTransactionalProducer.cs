using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>A transactional producer of Confluent.Kafka.</summary>
/// <remarks>See <see cref="ITransactionalProducer"/>. The message and its headers are shared: the client keeps none of them.</remarks>
internal sealed class KafkaTransactionalProducer : ITransactionalProducer
{
    // Short enough to look at the limit and at a stop meanwhile; called again it goes on.
    private static readonly TimeSpan InitSlice = TimeSpan.FromSeconds(5);

    private readonly TopicPartition _samples;
    private readonly TopicPartition _progress;
    private readonly IProducer<Slice, Slice> _producer;
    private readonly Message<Slice, Slice> _message = new() { Headers = [] };
    private readonly SinkOutage _outage;
    private volatile bool _open;
    private int _largest;

    /// <summary>Makes the client; it connects by itself.</summary>
    /// <exception cref="ArgumentException">librdkafka refuses a property, or two that do not go together.</exception>
    public KafkaTransactionalProducer(KafkaSinkOptions options, SampleSinkSettings settings, SinkOutage outage)
    {
        _outage = outage;
        _samples = new TopicPartition(options.Topic, Partition.Any);
        _progress = new TopicPartition(KafkaTopics.ProgressOf(settings.Job), new Partition(0));
        try
        {
            _producer = new ProducerBuilder<Slice, Slice>(ProducerSettings.Transactional(options, settings))
                .SetKeySerializer(new SliceSerializer())
                .SetValueSerializer(new SliceSerializer())
                .SetErrorHandler((_, error) => Notice(error))
                .SetLogHandler(static (_, _) => { })
                .Build();
        }
        catch (InvalidOperationException refused)
        {
            throw new ArgumentException($"Kafka properties of the sink on topic {options.Topic}: {refused.Message}", refused);
        }
    }

    /// <inheritdoc/>
    public void Init() => Call("InitTransactions", static producer => producer.InitTransactions(InitSlice));

    /// <inheritdoc/>
    public void Begin()
    {
        Call("BeginTransaction", static producer => producer.BeginTransaction());
        _open = true;
    }

    /// <inheritdoc/>
    public int Produce(OutputBatch batch, int from)
    {
        for (int next = from; next < batch.Count; next++)
        {
            OutputRecord record = batch.Records[next];
            if (record.ValueLength > _largest) _largest = record.ValueLength;
            _message.Key = new Slice(batch.Bytes, record.KeyStart, record.KeyLength);
            _message.Value = new Slice(batch.Bytes, record.ValueStart, record.ValueLength);
            if (!TryProduce(_samples)) return next;
        }
        return batch.Count;
    }

    /// <inheritdoc/>
    public bool Produce(in ProgressRecord record)
    {
        _message.Key = new Slice(record.Key, 0, record.Key.Length);
        _message.Value = record.Value is { } value ? new Slice(value, 0, value.Length) : default;
        return TryProduce(_progress);
    }

    /// <inheritdoc/>
    /// <remarks>Without a timeout of its own: the client then takes the rest of the transaction's, as librdkafka advises.</remarks>
    public void Commit()
    {
        Call("CommitTransaction", static producer => producer.CommitTransaction());
        _open = false;
    }

    /// <inheritdoc/>
    public void Abort()
    {
        Call("AbortTransaction", static producer => producer.AbortTransaction());
        _open = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _open = false;
        _producer.Dispose();
    }

    private bool TryProduce(TopicPartition to)
    {
        try
        {
            _producer.Produce(to, _message);
            return true;
        }
        catch (ProduceException<Slice, Slice> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<Slice, Slice> refused)
        {
            throw new TransactionException(TransactionFaults.OfProduce(refused.Error),
                $"a record of {_message.Value.Length} bytes was refused: {refused.Error.Code}: {refused.Error.Reason}{Hint(refused.Error)}", refused);
        }
    }

    private void Call(string name, Action<IProducer<Slice, Slice>> call)
    {
        try
        {
            call(_producer);
        }
        catch (KafkaException failed)
        {
            throw new TransactionException(TransactionFaults.Of(failed), $"{name} failed: {failed.Error.Code}: {failed.Error.Reason}{Hint(failed.Error)}", failed);
        }
    }

    private string Hint(Error error) => error.Code == ErrorCode.MsgSizeTooLarge
        ? $"; the largest value sent has {_largest} bytes: the sink's property message.max.bytes and the topic's max.message.bytes must be above that"
        : "";

    /// <summary>Brokers that are away matter while something waits for them.</summary>
    private void Notice(Error error)
    {
        if (_open && error.Code == ErrorCode.Local_AllBrokersDown) _outage.Begin($"no connection: {error.Reason}");
    }
}
