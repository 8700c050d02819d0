using System.CommandLine;
using System.Text.Json;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Logging;
using Pipeline.Verification;

namespace Pipeline.Commands;

/// <summary>
/// <c>pipeline verify</c>: recomputes a job's samples from its own sources, as far as its newest checkpoint says that it has come; one JSON line of the
/// comparison on stdout, on stderr how far that is, and examples.
/// </summary>
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
        command.SetAction(parsed =>
        {
            if (common.Job.LoadOrReport(parsed) is not { Job: { } job } loaded) return ExitCodes.Configuration;
            using EventLog log = common.Messages.OpenToolLog(parsed, loaded.Secrets.Mask);
            return Failures.Report(log, () => Run(job, parsed.GetRequiredValue(samples), parsed.GetValue(examples), log, parsed.InvocationConfiguration.Output));
        });
        return command;
    }

    private static int Run(JobOptions job, string samples, int examples, EventLog log, TextWriter output)
    {
        if (job.Time.Mode == TimeMode.Processing)
            throw new UnverifiableException("time: processing cannot be verified: its samples depend on when records arrived");
        VerifiedState state = VerifiedState.Read(job, log.Note);
        long watermark = state.Cut?.Watermark ?? long.MaxValue;
        ReferenceResult expected = ReferenceJoin.Run(job, state.Cut is { } cut ? SourceReader.ReadSpans(job, cut) : SourceReader.ReadAll(job), watermark);
        SampleComparison comparison = SampleComparison.Of(
            expected.Samples, FoundSamples.Read(job, samples, expected.CsvHeader), examples, log.Warns,
            state.IsFinished ? null : sample => FoundSamples.WindowEnd(job, sample) > watermark);
        log.Note(state.IsFinished ? state.Says : $"{state.Says}; {comparison.NotJudged} samples behind it are not judged");
        output.WriteLine(JsonSerializer.Serialize(comparison, CamelCase));
        return comparison.Agrees ? ExitCodes.Done : ExitCodes.CheckFailed;
    }
}
