using Microsoft.Extensions.Logging;

namespace Pipeline.Logging;

/// <summary>Every message of a run for its operator, apart from those of the blocks. What a message names in braces is also a field of the event.</summary>
internal static partial class RunMessages
{
    [LoggerMessage(LogLevel.Information, "delivery: {Delivery}")]
    public static partial void Delivery(this ILogger log, string delivery);

    [LoggerMessage(LogLevel.Warning, "--from-scratch: state and progress are discarded; samples may repeat")]
    public static partial void FromScratch(this ILogger log);

    [LoggerMessage(LogLevel.Information, "http: {Address}")]
    public static partial void Listens(this ILogger log, Uri address);

    [LoggerMessage(LogLevel.Information, "{Start}")]
    public static partial void Begins(this ILogger log, string start);

    [LoggerMessage(LogLevel.Warning, "--from-scratch: the progress that is discarded cannot be read: {Reason}")]
    public static partial void DiscardedUnread(this ILogger log, string reason);

    [LoggerMessage(LogLevel.Warning, "rejected: {Reason}")]
    public static partial void CheckpointRejected(this ILogger log, string reason);

    [LoggerMessage(LogLevel.Information, "restored {Windows} open windows in {Seconds:F2} s; of the slowest lanes: snapshot {Snapshot:F2} s, table {Table:F2} s, beside it window log {WindowLog:F2} s")]
    public static partial void LanesRestored(this ILogger log, long windows, double seconds, double snapshot, double table, double windowLog);

    [LoggerMessage(LogLevel.Warning, "lanes: {Lanes}, as in checkpoint {Checkpoint}; the {Asked} asked for are ignored")]
    public static partial void LanesIgnored(this ILogger log, int lanes, long checkpoint, int asked);

    [LoggerMessage(LogLevel.Warning, "checkpoint {Checkpoint} is removed: the run goes on from {Restored}, which is older")]
    public static partial void CheckpointRemoved(this ILogger log, long checkpoint, long restored);

    [LoggerMessage(LogLevel.Debug, "checkpoint {Checkpoint} is written, {Bytes} bytes of it by the lanes")]
    public static partial void CheckpointWritten(this ILogger log, long checkpoint, long bytes);

    [LoggerMessage(LogLevel.Warning, "lane {Lane} waits, for its state cannot be written; trying again: {Reason}")]
    public static partial void LaneWaits(this ILogger log, int lane, string reason);

    [LoggerMessage(LogLevel.Warning, "a record of stream {Stream} went to the dead letters as {Refusal}: {Topic}, partition {Partition}, offset {Offset}")]
    public static partial void RecordRefused(this ILogger log, string stream, string refusal, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Debug, "an event of stream {Stream} went to the dead letters as {Refusal}: {Topic}, partition {Partition}, offset {Offset}")]
    public static partial void EventRefused(this ILogger log, string stream, string refusal, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Information, "stopping: draining what was read (a second signal ends at once)")]
    public static partial void Stopping(this ILogger log);

    [LoggerMessage(LogLevel.Information, "stopped on request while starting")]
    public static partial void StoppedWhileStarting(this ILogger log);

    [LoggerMessage(LogLevel.Error, "stopped: {Reason}")]
    public static partial void Stopped(this ILogger log, string reason);

    [LoggerMessage(LogLevel.Error, "stopped by a bug")]
    public static partial void StoppedByBug(this ILogger log, Exception cause);
}
