using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads through Confluent.Kafka's consumer. The value is copied out of native memory by the deserializer, without an array of its own.</summary>
/// <remarks>
/// The client makes three small objects and a topic name a message, which <see cref="NativeReader"/> saves; this one is what that is held against, and is
/// used where librdkafka cannot be called beside the client.
/// Errors: transient ones go to the <see cref="KafkaOutage"/> and are waited out by the client itself; an offset that the broker no longer holds and a
/// topic that is gone throw <see cref="SourceChangedException"/>; anything else throws.
/// </remarks>
/// <param name="client">The consumer.</param>
/// <param name="onlyTopic">The topic, when there is just one: then the client does not name it with each message.</param>
internal sealed class ConfluentReader(KafkaClient client, string? onlyTopic) : IKafkaReader
{
    private readonly IConsumer<Ignore, int> _consumer = client.Consumer;

    /// <inheritdoc/>
    public void Assign(IReadOnlyList<TopicPartitionOffset> partitions) => _consumer.IncrementalAssign(partitions);

    /// <inheritdoc/>
    public bool KeepsWhatIsPaused => false;

    /// <inheritdoc/>
    /// <remarks>What was fetched of it is thrown away.</remarks>
    public void Pause(TopicPartition partition) => _consumer.Pause([partition]);

    /// <inheritdoc/>
    public void Leave(TopicPartition partition) => _consumer.Pause([partition]);

    /// <inheritdoc/>
    public void Resume(TopicPartition partition) => _consumer.Resume([partition]);

    /// <inheritdoc/>
    public void Poll(TimeSpan timeout, int most, IKafkaReceiver receiver)
    {
        for (int taken = 0; taken < most; taken++)
        {
            ConsumeResult<Ignore, int>? result = Consume(TimeSpan.Zero) ?? (taken == 0 ? Wait(timeout, receiver) : null);
            if (result is null) return;
            if (result.IsPartitionEOF)
            {
                receiver.OnEnd(onlyTopic ?? result.Topic, result.Partition.Value, result.Offset.Value);
                continue;
            }
            Timestamp stamp = result.Message.Timestamp;
            int length = result.Message.Value;
            receiver.OnRecord(
                onlyTopic ?? result.Topic,
                result.Partition.Value,
                result.Offset.Value,
                stamp.Type == TimestampType.NotAvailable ? SourcePartition.NoTime : stamp.UnixTimestampMs,
                client.Value(length),
                isNull: length == RawRecord.NullValue);
        }
    }

    private ConsumeResult<Ignore, int>? Wait(TimeSpan timeout, IKafkaReceiver receiver)
    {
        receiver.BeginWait();
        ConsumeResult<Ignore, int>? result = Consume(timeout);
        receiver.EndWait();
        return result;
    }

    private ConsumeResult<Ignore, int>? Consume(TimeSpan timeout)
    {
        try
        {
            return _consumer.Consume(timeout);
        }
        catch (ConsumeException failure) when (KafkaErrors.IsTransient(failure.Error))
        {
            client.Outage.Begin(failure.Error);
            return null;
        }
        catch (ConsumeException failure) when (KafkaErrors.IsChange(failure.Error))
        {
            ConsumeResult<byte[], byte[]> at = failure.ConsumerRecord;
            throw KafkaErrors.Changed(onlyTopic ?? at.Topic, at.Partition.Value, at.Offset.Value, failure.Error);
        }
    }
}
