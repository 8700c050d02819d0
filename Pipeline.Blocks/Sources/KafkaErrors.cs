using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Blocks.Sources;

/// <summary>Which errors of the client pass by themselves.</summary>
internal static class KafkaErrors
{
    /// <summary>A broker or leader is away, or slow; asking again may help.</summary>
    public static bool IsTransient(Error error) => !error.IsFatal && error.Code is
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue
        or ErrorCode.Local_Resolve or ErrorCode.Local_WaitCoord or ErrorCode.Local_WaitCache or ErrorCode.Local_Retry
        or ErrorCode.Local_NoEnt or ErrorCode.Local_Authentication or ErrorCode.Local_UnknownBroker or ErrorCode.Local_DestroyBroker
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.RequestTimedOut or ErrorCode.BrokerNotAvailable
        or ErrorCode.ReplicaNotAvailable or ErrorCode.NetworkException or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable
        or ErrorCode.NotCoordinatorForGroup or ErrorCode.KafkaStorageError or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch
        or ErrorCode.OffsetNotAvailable or ErrorCode.EligibleLeadersNotAvailable or ErrorCode.UnstableOffsetCommit or ErrorCode.ThrottlingQuotaExceeded;

    /// <summary>What was read before is no longer there: offsets the broker has deleted, or a topic or partition that is gone.</summary>
    public static bool IsChange(Error error) => error.Code is
        ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset or ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition;

    /// <summary>The exception for <see cref="IsChange"/>.</summary>
    public static SourceChangedException Changed(string topic, int partition, long offset, Error error) =>
        new($"{topic}-{partition}", offset >= 0 ? $"offset {offset}" : "the topic as it was", error.Reason);

    /// <summary>As for an error, for a call that may have failed for some of its partitions.</summary>
    public static bool IsTransient(Exception failure) => failure switch
    {
        ListOffsetsException partial => partial.Result.ResultInfos.TrueForAll(static info => !info.TopicPartitionOffsetError.Error.IsError || IsTransient(info.TopicPartitionOffsetError.Error)),
        KafkaException other => IsTransient(other.Error),
        _ => false,
    };

    /// <summary>The error that says most.</summary>
    public static Error Of(KafkaException failure) => failure is ListOffsetsException partial
        ? partial.Result.ResultInfos.Select(static info => info.TopicPartitionOffsetError.Error).FirstOrDefault(static error => error.IsError) ?? failure.Error
        : failure.Error;
}
