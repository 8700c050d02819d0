using Confluent.Kafka;
using Pipeline.Blocks.Librdkafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>A transactional producer of Confluent.Kafka.</summary>
/// <remarks>
/// See <see cref="ITransactionalProducer"/>. Samples are queued in batches by <see cref="NativeTopic"/>; records of progress, which are few, and samples where that
/// cannot be had, one by one. The message and its headers are shared: the client keeps none of them.
/// </remarks>
internal sealed class KafkaTransactionalProducer : ITransactionalProducer
{
    // Short enough to look at the limit and at a stop meanwhile; called again it goes on.
    private static readonly TimeSpan InitSlice = TimeSpan.FromSeconds(5);

    private readonly TopicPartition _samples;
    private readonly TopicPartition _progress;
    private readonly IProducer<Slice, Slice> _producer;
    private readonly Message<Slice, Slice> _message = new() { Headers = [] };
    private readonly NativeTopic? _native;
    private readonly SinkOutage _outage;
    private volatile bool _open;
    private int _largest;

    /// <summary>Makes the client; it connects by itself.</summary>
    /// <param name="options">The topic.</param>
    /// <param name="settings">The job.</param>
    /// <param name="outage">Told of brokers that are away.</param>
    /// <param name="recordByRecord">Queue samples one by one, also where batches can be had.</param>
    /// <exception cref="ArgumentException">librdkafka refuses a property, or two that do not go together.</exception>
    public KafkaTransactionalProducer(KafkaSinkOptions options, SampleSinkSettings settings, SinkOutage outage, bool recordByRecord = false)
    {
        _outage = outage;
        _samples = new TopicPartition(options.Topic, Partition.Any);
        _progress = new TopicPartition(KafkaTopics.ProgressOf(settings.Job), new Partition(0));
        ProducerConfig configuration = ProducerSettings.Transactional(options, settings);
        try
        {
            _producer = new ProducerBuilder<Slice, Slice>(configuration)
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
        if (recordByRecord || ClientLibrary.Problem is not null) return;
        try
        {
            _native = new NativeTopic(ClientLibrary.HandleOf(_producer.Handle), options.Topic, configuration.MessageMaxBytes ?? 0, copies: false);
        }
        catch
        {
            _producer.Dispose();
            throw;
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
        if (_native is null) return ProduceEach(batch, from);
        int next = _native.Produce(batch, from, out Error? refusal);
        for (int at = from; at < next; at++) Note(batch.Records[at].ValueLength);
        if (refusal is null || refusal.Code == ErrorCode.Local_QueueFull) return next;
        Note(batch.Records[next].ValueLength);
        throw Refused(batch.Records[next].ValueLength, refusal, new KafkaException(refusal));
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
        _native?.Dispose();
        _producer.Dispose();
    }

    private int ProduceEach(OutputBatch batch, int from)
    {
        for (int next = from; next < batch.Count; next++)
        {
            OutputRecord record = batch.Records[next];
            Note(record.ValueLength);
            _message.Key = new Slice(batch.Bytes, record.KeyStart, record.KeyLength);
            _message.Value = new Slice(batch.Bytes, record.ValueStart, record.ValueLength);
            if (!TryProduce(_samples)) return next;
        }
        return batch.Count;
    }

    private void Note(int bytes)
    {
        if (bytes > _largest) _largest = bytes;
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
            throw Refused(_message.Value.Length, refused.Error, refused);
        }
    }

    private TransactionException Refused(int bytes, Error error, KafkaException inner) =>
        new(TransactionFaults.OfProduce(error), $"a record of {bytes} bytes was refused: {error.Code}: {error.Reason}{Hint(error)}", inner);

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
