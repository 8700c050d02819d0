using Confluent.Kafka;

namespace Pipeline.Blocks.Sinks;

/// <summary>Tells from the client's exceptions how to go on.</summary>
internal static class TransactionFaults
{
    /// <summary>The fault of a transactional call.</summary>
    public static TransactionFault Of(KafkaException failed) =>
        IsRefusal(failed.Error.Code) ? TransactionFault.Refused
        : failed is KafkaTxnRequiresAbortException ? TransactionFault.Abortable
        : failed is KafkaRetriableException ? TransactionFault.Retriable
        : TransactionFault.Lost;

    /// <summary>The fault of a record that could not be queued, for another reason than room.</summary>
    /// <remarks>A transaction that has failed meanwhile takes no records, and says why when it is aborted.</remarks>
    public static TransactionFault OfProduce(Error error) =>
        IsRefusal(error.Code) ? TransactionFault.Refused
        : error.IsFatal ? TransactionFault.Lost
        : TransactionFault.Abortable;

    private static bool IsRefusal(ErrorCode code) => code is
        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidRecord or ErrorCode.PolicyViolation
        or ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.TransactionalIdAuthorizationFailed
        or ErrorCode.InvalidTransactionTimeout or ErrorCode.UnsupportedForMessageFormat or ErrorCode.Local_UnsupportedFeature
        or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition or ErrorCode.Local_InvalidArg;
}
