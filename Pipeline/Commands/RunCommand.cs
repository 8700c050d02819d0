using System.CommandLine;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary><c>pipeline run JOB.yaml</c>: runs a job until stopped, or to its end.</summary>
internal static class RunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var untilEnd = new Option<bool>("--until-end") { Description = "Read to the ends found at the start, close every window, commit, end" };
        var fromScratch = new Option<bool>("--from-scratch") { Description = "Discard state and progress; samples may repeat" };
        var rebuild = new Option<bool>("--rebuild") { Description = "State is lost: replay from the first positions and emit what is not yet committed" };
        var from = new Option<long?>("--from") { Description = "Begin from this checkpoint, not the newest usable one", HelpName = "CHECKPOINT" };
        var command = new Command("run", "Runs a job until stopped.") { untilEnd, fromScratch, rebuild, from };
        common.Job.AddTo(command);
        common.Report.AddTo(command);
        command.Validators.Add(parsed =>
        {
            Option[] given = [.. new Option[] { fromScratch, rebuild, from }.Where(option => parsed.GetResult(option) is { Implicit: false })];
            if (given.Length > 1) parsed.AddError($"{given[0].Name} and {given[1].Name} contradict each other.");
        });
        command.SetAction((parsed, _) =>
        {
            var start = new StartRequest { FromScratch = parsed.GetValue(fromScratch), Rebuild = parsed.GetValue(rebuild), From = parsed.GetValue(from) };
            return common.Job.LoadOrReport(parsed) is { Job: { } job } loaded
                ? RunAsync(job, loaded, common.Report.Read(parsed), parsed.GetValue(untilEnd), start, parsed.InvocationConfiguration)
                : Task.FromResult(ExitCodes.Configuration);
        });
        return command;
    }

    private static string ConfigurationOf(LoadedJob loaded)
    {
        using var text = new StringWriter();
        loaded.Effective.Write(text);
        return text.ToString();
    }

    private static async Task<int> RunAsync(JobOptions job, LoadedJob loaded, RunFlags flags, bool untilEnd, StartRequest start, InvocationConfiguration console)
    {
        TextWriter messages = TextWriter.Synchronized(console.Error);
        using EventLog opened = flags.Log.OpenLog(messages, TimeProvider.System, loaded.Secrets.Mask);
        EventLog log = opened.With("job", job.Job);
        using var signals = new StopSignals(log);
        return await RunFailures.ReportAsync(log, async () =>
        {
            var settings = new RunSettings
            {
                UntilEnd = untilEnd,
                Start = start,
                Mask = loaded.Secrets.Mask,
                ReportInterval = ReportSetup.Interval(flags),
                Reports = ReportSetup.Of(flags, job, ConfigurationOf(loaded)),
            };
            JobSummary summary = await new JobRunner(job, settings, TimeProvider.System, log, messages).RunAsync(signals.Stop).ConfigureAwait(false);
            await SummaryOutput.WriteAsync(summary, flags.Summary, console.Output).ConfigureAwait(false);
            return ExitCodes.Done;
        }, signals.Stop).ConfigureAwait(false);
    }
}
