using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Hosting;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary>Which exit code ends a run: the first cause, in one line where it was foreseen, whole where it is a bug.</summary>
internal static class RunFailures
{
    /// <summary>Runs; a failure becomes a message and an exit code.</summary>
    public static async Task<int> ReportAsync(ILogger log, Func<Task<int>> run, CancellationToken stop)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.StoppedWhileStarting();
            return ExitCodes.Done;
        }
        // The outermost place of a run: every first cause ends here.
        catch (Exception cause)
        {
            int code = CodeOf(cause);
            if (code == ExitCodes.Bug) log.StoppedByBug(cause);
            else log.Stopped(cause.Message);
            return code;
        }
    }

    private static int CodeOf(Exception cause) => cause switch
    {
        SourceMissingException or PartitionConflictException => ExitCodes.Configuration,
        ArgumentException => ExitCodes.Configuration,
        BrokerUnavailableException or KafkaException => ExitCodes.Unavailable,
        SourceChangedException or SinkRefusedException or StateRefusedException or InvalidDataException => ExitCodes.DataRefused,
        StateLockedException or SinkLockedException or SinkFencedException => ExitCodes.Fenced,
        SinkUnavailableException { Broker: true } or DeliveryFailedException => ExitCodes.Unavailable,
        SinkUnavailableException or StateStorageException or IOException or UnauthorizedAccessException => ExitCodes.InputOutput,
        _ => ExitCodes.Bug,
    };
}
