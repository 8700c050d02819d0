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
        var flags = new VerifyFlags();
        var command = new Command("verify", "Recomputes a job's samples with an independent, single-threaded join and compares.");
        flags.AddTo(command);
        common.Job.AddTo(command);
        command.SetAction(parsed =>
        {
            if (common.Job.LoadOrReport(parsed) is not { Job: { } job } loaded) return ExitCodes.Configuration;
            using EventLog log = common.Messages.OpenToolLog(parsed, loaded.Secrets.Mask);
            return Failures.Report(log, () => Run(job, flags, parsed, log));
        });
        return command;
    }

    private static int Run(JobOptions job, VerifyFlags flags, ParseResult parsed, EventLog log)
    {
        if (job.Time.Mode == TimeMode.Processing)
            throw new UnverifiableException("time: processing cannot be verified: its samples depend on when records arrived");
        VerifiedState state = VerifiedState.Read(job, log.Note);
        SampleComparison comparison = Compare(job, state, flags, parsed, log);
        log.Note(state.IsFinished ? state.Says : $"{state.Says}; {comparison.NotJudged} samples behind it are not judged");
        parsed.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(comparison, CamelCase));
        return comparison.Agrees ? ExitCodes.Done : ExitCodes.CheckFailed;
    }

    private static SampleComparison Compare(JobOptions job, VerifiedState state, VerifyFlags flags, ParseResult parsed, EventLog log)
    {
        long watermark = state.Cut?.Watermark ?? long.MaxValue;
        string samples = parsed.GetRequiredValue(flags.Samples);
        var verifier = new SampleVerifier(job, csvHeader => FoundSamples.Read(job, samples, csvHeader), parsed.GetValue(flags.Examples), log.Warns)
        {
            Watermark = watermark,
            MayBeThere = state.IsFinished ? null : sample => FoundSamples.WindowEnd(job, sample) > watermark,
        };
        IEnumerable<SourceRecord> records = state.Cut is { } cut ? SourceReader.ReadSpans(job, cut) : SourceReader.ReadAll(job);
        int groups = parsed.GetValue(flags.Groups);
        if (groups == 1) return verifier.InMemory(records);
        DirectoryInfo temp = parsed.GetValue(flags.Temp) ?? new DirectoryInfo(Path.GetTempPath());
        DirectoryInfo folder = temp.CreateSubdirectory($"pipeline-verify-{Guid.NewGuid():n}");
        try
        {
            return verifier.InGroups(records, groups, folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
