using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pipeline.Generation;
using Pipeline.Logging;
using Pipeline.Verification;

namespace Pipeline.Commands;

/// <summary>Which exit code an expected failure of a tool (generate, verify) has.</summary>
internal static class Failures
{
    /// <summary>Runs the tool; a failure that is no bug becomes one line and its exit code.</summary>
    public static int Report(ILogger log, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception failure) when (CodeOf(failure) is not null)
        {
            log.Fails(failure.Message);
            return CodeOf(failure)!.Value;
        }
    }

    private static int? CodeOf(Exception failure) => failure switch
    {
        UnverifiableException or LogTargetException => ExitCodes.Configuration,
        InvalidDataException => ExitCodes.DataRefused,
        KafkaException or TimeoutException => ExitCodes.Unavailable,
        IOException or UnauthorizedAccessException => ExitCodes.InputOutput,
        _ => null,
    };
}
