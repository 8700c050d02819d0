using System.CommandLine;
using Pipeline.Configuration;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary><c>pipeline validate JOB.yaml</c>: every mistake of the file, then of the environment it is to run in.</summary>
internal static class ValidateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var show = new Option<bool>("--show") { Description = "Print the effective configuration as YAML, with each value's origin" };
        var noEnvironment = new Option<bool>("--no-environment") { Description = "Check the file only: no directory, no broker" };
        var command = new Command("validate", "Checks a job file and the environment it is to run in.") { show, noEnvironment };
        common.Job.AddTo(command);
        command.SetAction(parsed => RunAsync(common, parsed, parsed.GetValue(show), parsed.GetValue(noEnvironment)));
        return command;
    }

    private static async Task<int> RunAsync(CommonOptions common, ParseResult parsed, bool show, bool noEnvironment)
    {
        string path = common.Job.PathOf(parsed);
        LoadedJob loaded = common.Job.Load(parsed);
        using EventLog log = common.Messages.OpenToolLog(parsed, loaded.Secrets.Mask);
        foreach (ConfigurationError warning in loaded.Warnings) log.Warns($"warning: {warning}");
        if (loaded.Job is not { } job)
        {
            common.Job.ReportMistakes(parsed, loaded);
            return ExitCodes.Configuration;
        }
        if (show) loaded.Effective.Write(parsed.InvocationConfiguration.Output);
        log.Note($"{path}: no mistake");
        if (noEnvironment) return ExitCodes.Done;

        int failures = 0;
        await foreach (string failure in EnvironmentCheck.RunAsync(job))
        {
            log.Fails($"environment: {failure}");
            failures++;
        }
        if (failures == 0) log.Note("environment: ready");
        return failures == 0 ? ExitCodes.Done : ExitCodes.CheckFailed;
    }
}
