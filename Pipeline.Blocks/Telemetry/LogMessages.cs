using Microsoft.Extensions.Logging;

namespace Pipeline.Blocks.Telemetry;

/// <summary>Every message that a block has for the operator. What a message names in braces is also a field of the event.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(LogLevel.Warning, "Kafka at {Bootstrap} cannot be reached, waiting for it: {Reason}")]
    public static partial void BrokersAway(this ILogger log, string bootstrap, string reason);

    [LoggerMessage(LogLevel.Information, "Kafka at {Bootstrap} answers again")]
    public static partial void BrokersBack(this ILogger log, string bootstrap);

    [LoggerMessage(LogLevel.Debug, "{Topic}-{Partition} is read from {Offset} on")]
    public static partial void ReadFrom(this ILogger log, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Debug, "{File} is read from byte {Offset} on")]
    public static partial void FileReadFrom(this ILogger log, string file, long offset);

    [LoggerMessage(LogLevel.Warning, "{Topic}-{Partition}: offset {Offset} is not among those held, {First} to {Last}; reading from {First}")]
    public static partial void OffsetNotHeld(this ILogger log, string topic, int partition, long offset, long first, long last);

    [LoggerMessage(LogLevel.Warning, "{Topic}: read record by record, which is slower: {Reason}")]
    public static partial void ReadRecordByRecord(this ILogger log, string topic, string reason);

    [LoggerMessage(LogLevel.Warning, "Offsets of group {Group} were not committed: {Reason}")]
    public static partial void OffsetsNotCommitted(this ILogger log, string group, string reason);

    [LoggerMessage(LogLevel.Information, "Topic {Topic}: created at {Bootstrap}.")]
    public static partial void TopicCreated(this ILogger log, string topic, string bootstrap);

    [LoggerMessage(LogLevel.Warning, "Topic {Topic}: no connection to {Bootstrap}: {Reason}. Records wait; nothing is lost meanwhile.")]
    public static partial void TopicAway(this ILogger log, string topic, string bootstrap, string reason);

    [LoggerMessage(LogLevel.Information, "Topic {Topic}: {Bootstrap} acknowledges again.")]
    public static partial void TopicBack(this ILogger log, string topic, string bootstrap);

    [LoggerMessage(LogLevel.Warning, "Topic {Topic}: produced record by record, which is slower: {Reason}")]
    public static partial void RecordByRecord(this ILogger log, string topic, string reason);

    [LoggerMessage(LogLevel.Warning, "{Output}: {Reason}. It is repeated; nothing is lost meanwhile.")]
    public static partial void OutputAway(this ILogger log, string output, string reason);

    [LoggerMessage(LogLevel.Information, "{Output}: goes on after {Lasted}.")]
    public static partial void OutputBack(this ILogger log, string output, TimeSpan lasted);

    [LoggerMessage(LogLevel.Warning, "{Output}: {Reason}. It is asked again.")]
    public static partial void AskedAgain(this ILogger log, string output, string reason);

    [LoggerMessage(LogLevel.Warning, "{Write} failed: {Reason}. It is repeated; nothing is lost meanwhile.")]
    public static partial void WriteFailed(this ILogger log, string write, string reason);

    [LoggerMessage(LogLevel.Information, "{Write} succeeded after {Lasted}.")]
    public static partial void WriteSucceeded(this ILogger log, string write, TimeSpan lasted);
}
