using System.Collections;
using System.CommandLine;
using System.Text.Json;
using Pipeline.Blocks.Partitioning;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Commands;

/// <summary><c>pipeline verify</c>: recomputes a job's samples from its own sources, one JSON line of the comparison on stdout, examples on stderr.</summary>
internal static class VerifyCommand
{
    private const int Disagrees = 1, DataRefused = 65, Unavailable = 69, IoError = 74, BadConfiguration = 78;

    private static readonly JsonSerializerOptions CamelCase = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private static readonly Argument<string> JobFile = new("JOB.yaml") { Description = "The job file." };
    private static readonly Option<string> Samples = new("--samples")
    {
        Description = "A file, a directory of samples, or kafka: the job's output topic.",
        Required = true,
    };
    private static readonly Option<int> Examples = new("--examples") { Description = "Differences shown.", DefaultValueFactory = _ => 5 };

    /// <summary>The command, for the registration list.</summary>
    public static Command Create()
    {
        var command = new Command("verify", "Recomputes the samples with an independent, single-threaded join and compares.") { JobFile, Samples, Examples };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult flags)
    {
        TextWriter messages = flags.InvocationConfiguration.Error;
        LoadedJob loaded = JobLoader.Load(flags.GetRequiredValue(JobFile), [], Variables());
        foreach (ConfigurationError mistake in loaded.Errors) messages.WriteLine(mistake);
        if (loaded.Job is not { } job) return BadConfiguration;
        if (job.Time.Mode == TimeMode.Processing)
        {
            messages.WriteLine("time: processing cannot be verified: its samples depend on when records arrived");
            return BadConfiguration;
        }
        try
        {
            ReferenceResult expected = ReferenceJoin.Run(job, SourceReader.ReadAll(job));
            IEnumerable<FoundSample> found = FoundSamples.Read(job, flags.GetRequiredValue(Samples), expected.CsvHeader);
            SampleComparison comparison = SampleComparison.Of(expected.Samples, found, flags.GetValue(Examples), messages.WriteLine);
            flags.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(comparison, CamelCase));
            return comparison.Agrees ? 0 : Disagrees;
        }
        catch (Exception failure) when (CodeOf(failure) is not null)
        {
            messages.WriteLine(failure.Message);
            return CodeOf(failure)!.Value;
        }
    }

    private static int? CodeOf(Exception failure) => failure switch
    {
        UnverifiableException => BadConfiguration,
        InvalidDataException => DataRefused,
        Confluent.Kafka.KafkaException or TimeoutException => Unavailable,
        IOException or UnauthorizedAccessException => IoError,
        _ => null,
    };

    private static Dictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");
}
