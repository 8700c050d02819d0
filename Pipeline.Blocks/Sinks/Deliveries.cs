using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Counts what a producer was given and what became of it, keeps the first failure, and says once that the broker is away.</summary>
/// <remarks>Threading: <see cref="Sent"/>, <see cref="Note"/> and the questions by the sink; <see cref="Ended"/> and <see cref="Notice"/> and <see cref="Returned"/> by the client's threads.</remarks>
/// <param name="bootstrap">The brokers, for messages.</param>
/// <param name="topic">The topic, for messages.</param>
/// <param name="log">Messages for the operator.</param>
internal sealed class Deliveries(string bootstrap, string topic, ILogger log)
{
    private long _sent;
    private long _ended;
    private long _largest;
    private Exception? _failure;
    private int _away;

    /// <summary>A record was queued.</summary>
    /// <param name="bytes">Its value's.</param>
    public void Sent(int bytes)
    {
        _sent++;
        Note(bytes);
    }

    /// <summary>A record of that size may be queued; for messages.</summary>
    public void Note(int bytes)
    {
        if (bytes > _largest) Volatile.Write(ref _largest, bytes);
    }

    /// <summary>Whether everything sent has ended.</summary>
    public bool AllEnded => Volatile.Read(ref _ended) == _sent;

    /// <summary>Whether the broker is away, as far as is known.</summary>
    public bool Away => Volatile.Read(ref _away) != 0;

    /// <summary>A record was acknowledged, or has failed for good.</summary>
    public void Ended(Error error, Partition partition)
    {
        if (error.IsError) Fail(error, partition);
        else if (Away) Returned();
        Interlocked.Increment(ref _ended);
    }

    /// <summary>The client says how it fares.</summary>
    public void Notice(Error error)
    {
        if (error.IsFatal) Fail(error, Partition.Any);
        else if (error.Code == ErrorCode.Local_AllBrokersDown && Interlocked.Exchange(ref _away, 1) == 0)
            log.TopicAway(topic, bootstrap, error.Reason);
    }

    /// <summary>A broker acknowledges, after it was away.</summary>
    public void Returned()
    {
        if (Volatile.Read(ref _failure) is null && Interlocked.Exchange(ref _away, 0) != 0) log.TopicBack(topic, bootstrap);
    }

    /// <summary>Throws the first failure.</summary>
    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is not { } failure) return;
        throw failure is SinkUnavailableException
            ? new SinkUnavailableException(failure.Message, failure) { Broker = true }
            : new DeliveryFailedException(failure.Message, failure);
    }

    private void Fail(Error error, Partition partition)
    {
        if (Volatile.Read(ref _failure) is not null) return;
        string where = partition == Partition.Any ? $"Topic {topic} at {bootstrap}" : $"Topic {topic}, partition {partition.Value} at {bootstrap}";
        string message = $"{where}: a record was not delivered: {error.Code}: {error.Reason}";
        if (error.Code == ErrorCode.MsgSizeTooLarge) message += $"; the largest value sent has {Volatile.Read(ref _largest)} bytes: the topic's max.message.bytes must be above that";
        Exception failure = error.Code == ErrorCode.Local_MsgTimedOut
            ? new SinkUnavailableException(message, new KafkaException(error)) { Broker = true }
            : new DeliveryFailedException(message, new KafkaException(error));
        Interlocked.CompareExchange(ref _failure, failure, null);
    }
}
