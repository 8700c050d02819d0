using System.CommandLine;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Demo;
using Pipeline.Hosting;
using Pipeline.Logging;
using Pipeline.Reports;
using Pipeline.Topology;
using Spectre.Console;

namespace Pipeline.Commands;

/// <summary><c>pipeline demo</c>: the product shown without any server.</summary>
internal static class DemoCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var seconds = NumberOption.Optional<double>("--seconds", "End by itself after so many seconds, with every window closed", least: 0, most: 86_400);
        var command = new Command("demo", "Shows the product on a built-in live log, without any server.") { seconds };
        common.Report.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(common.Report.Read(parsed), parsed.GetValue(seconds), parsed.InvocationConfiguration));
        return command;
    }

    private static async Task<int> RunAsync(RunFlags flags, double? seconds, InvocationConfiguration console)
    {
        // Lines between would tear the table; what stops the run is said when it is over.
        bool table = flags.Log.Color && !Console.IsErrorRedirected && AnsiConsole.Profile.Capabilities.Ansi;
        TextWriter messages = TextWriter.Synchronized(console.Error);
        using EventLog opened = flags.Log.OpenLog(messages, TimeProvider.System);
        EventLog log = opened.With("job", DemoJob.Name);
        using var signals = new StopSignals(log);
        return await RunFailures.ReportAsync(log, async () =>
        {
            DirectoryInfo directory = Directory.CreateTempSubdirectory("pipeline-demo-");
            try
            {
                TimeProvider clock = TimeProvider.System;
                JobOptions job = DemoJob.Make(directory.FullName, DemoJob.Log(clock.GetUtcNow()));
                TimeSpan? length = seconds is null ? null : TimeSpan.FromSeconds(seconds.Value);
                JobSummary summary = table
                    ? await WithTable(job, length, ReportSetup.Of(flags, job, ""), clock, signals.Stop).ConfigureAwait(false)
                    : await new JobRunner(job, Settings(length, ReportSetup.Of(flags, job, ""), flags.Report == ReportTarget.None ? null : TimeSpan.FromSeconds(2)), clock, log, messages).RunAsync(signals.Stop).ConfigureAwait(false);
                await SummaryOutput.WriteAsync(summary, flags.Summary, console.Output).ConfigureAwait(false);
                return ExitCodes.Done;
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }, signals.Stop).ConfigureAwait(false);
    }

    private static RunSettings Settings(TimeSpan? length, ReportSettings reports, TimeSpan? reportInterval) => new()
    {
        Start = new StartRequest { FromScratch = true },
        EndsByItself = length is not null,
        ReportInterval = reportInterval,
        Reports = reports,
        OtherSource = (options, context) => new DemoSource((DemoSourceOptions)options, context, length),
    };

    private static async Task<JobSummary> WithTable(JobOptions job, TimeSpan? length, ReportSettings reports, TimeProvider clock, CancellationToken stop)
    {
        using EventLog log = EventLog.Open(TextWriter.Null, new EventLogOptions(), clock);
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        JobSummary? summary = null;
        await terminal.Live(new Text("starting")).StartAsync(async live =>
        {
            void Show(SampleTopology topology, JobSummary now) => live.UpdateTarget(DemoTable.Of(job, topology, now));
            RunSettings settings = Settings(length, reports, TimeSpan.FromMilliseconds(500)) with { Report = Show };
            summary = await new JobRunner(job, settings, clock, log, TextWriter.Null).RunAsync(stop).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return summary!;
    }
}
