using System.CommandLine;
using System.Text.Json;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Commands;

/// <summary><c>pipeline verify</c>: recomputes a job's samples from its own sources; one JSON line of the comparison on stdout, examples on stderr.</summary>
internal static class VerifyCommand
{
    private static readonly JsonSerializerOptions CamelCase = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var samples = new Option<string>("--samples")
        {
            Description = "A file, a directory of samples, or kafka: the job's output topic",
            HelpName = "PATH|kafka",
            Required = true,
        };
        var examples = new Option<int>("--examples") { Description = "Most differences shown", HelpName = "N", DefaultValueFactory = _ => 5 };
        var command = new Command("verify", "Recomputes a job's samples with an independent, single-threaded join and compares.") { samples, examples };
        common.Job.AddTo(command);
        command.SetAction(parsed => common.Job.LoadOrReport(parsed) is { } job
            ? Failures.Report(parsed.InvocationConfiguration.Error, () => Run(job, parsed.GetRequiredValue(samples), parsed.GetValue(examples), parsed.InvocationConfiguration))
            : ExitCodes.Configuration);
        return command;
    }

    private static int Run(JobOptions job, string samples, int examples, InvocationConfiguration console)
    {
        if (job.Time.Mode == TimeMode.Processing)
            throw new UnverifiableException("time: processing cannot be verified: its samples depend on when records arrived");
        ReferenceResult expected = ReferenceJoin.Run(job, SourceReader.ReadAll(job));
        SampleComparison comparison = SampleComparison.Of(
            expected.Samples, FoundSamples.Read(job, samples, expected.CsvHeader), examples, console.Error.WriteLine);
        console.Output.WriteLine(JsonSerializer.Serialize(comparison, CamelCase));
        return comparison.Agrees ? ExitCodes.Done : ExitCodes.CheckFailed;
    }
}
