using System.CommandLine;
using Pipeline.Configuration;
using Pipeline.Reports;
using Pipeline.Watching;
using Spectre.Console;

namespace Pipeline.Commands;

/// <summary><c>pipeline top</c>: a running job's blocks, live in a terminal until q; elsewhere one table.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var flags = new WatchFlags();
        var interval = new Option<TimeSpan>("--interval")
        {
            Description = "Time between two looks (default: 1s)",
            HelpName = "DURATION",
            DefaultValueFactory = static _ => TimeSpan.FromSeconds(1),
            CustomParser = static result =>
            {
                if (Durations.TryParse(result.Tokens[0].Value, out TimeSpan time) && time >= Look) return time;
                result.AddError($"--interval takes {Durations.Expected}, at least 50ms; found '{result.Tokens[0].Value}'");
                return default;
            },
        };
        var command = new Command("top", "Shows the blocks of a running job, live; q ends it.") { interval };
        flags.AddTo(command);
        command.SetAction((parsed, stop) => flags.RunAsync(common, parsed, async client =>
        {
            bool color = common.Messages.Read(parsed).Color;
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (output == Console.Out && !Console.IsOutputRedirected && !Console.IsInputRedirected) await LiveAsync(client, parsed.GetValue(interval), color, stop).ConfigureAwait(false);
            else Terminal(output, color: false).Write(StatusView.Blocks(await AskAsync(client, null, stop).ConfigureAwait(false)));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static async Task LiveAsync(RunClient client, TimeSpan interval, bool color, CancellationToken stop)
    {
        IAnsiConsole terminal = Terminal(Console.Out, color);
        Report? before = await client.ReportAsync(stop).ConfigureAwait(false);
        await terminal.Live(StatusView.Blocks(await AskAsync(client, null, stop).ConfigureAwait(false))).StartAsync(async live =>
        {
            while (!await IsQuitAsync(interval, stop).ConfigureAwait(false))
            {
                Report? now = await client.ReportAsync(stop).ConfigureAwait(false);
                live.UpdateTarget(StatusView.Blocks(RunStatus.Of(now, await client.ReadinessAsync(stop).ConfigureAwait(false), before)));
                before = now;
            }
        }).ConfigureAwait(false);
    }

    private static async Task<RunStatus> AskAsync(RunClient client, Report? before, CancellationToken stop) =>
        RunStatus.Of(await client.ReportAsync(stop).ConfigureAwait(false), await client.ReadinessAsync(stop).ConfigureAwait(false), before);

    /// <summary>Waits for the next look, or a q.</summary>
    private static async Task<bool> IsQuitAsync(TimeSpan interval, CancellationToken stop)
    {
        for (TimeSpan waited = TimeSpan.Zero; waited < interval; waited += Look)
        {
            while (Console.KeyAvailable)
                if (Console.ReadKey(intercept: true).Key == ConsoleKey.Q)
                    return true;
            await Task.Delay(Look, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return true;
        }
        return false;
    }

    private static IAnsiConsole Terminal(TextWriter output, bool color) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
        Ansi = output == Console.Out && !Console.IsOutputRedirected ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = color ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
    });
}
