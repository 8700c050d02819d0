using System.CommandLine;
using System.Runtime.InteropServices;
using Pipeline.Configuration;
using Pipeline.Watching;
using Spectre.Console;

namespace Pipeline.Commands;

/// <summary><c>pipeline top</c>: a running job's blocks, live in a terminal until q; elsewhere one table.</summary>
internal static class TopCommand
{
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
                if (Durations.TryParse(result.Tokens[0].Value, out TimeSpan time) && time >= LiveView.KeyInterval) return time;
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
            if (output != Console.Out || Console.IsOutputRedirected || Console.IsInputRedirected)
            {
                RunStatus now = RunStatus.Of(await client.ReportAsync(stop).ConfigureAwait(false), await client.ReadinessAsync(stop).ConfigureAwait(false));
                Terminal(output, color: false).Write(StatusView.Blocks(now));
                return ExitCodes.Done;
            }
            IAnsiConsole terminal = Terminal(output, color);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
            // Ended by a signal in the midst, the terminal would be left without its cursor.
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            string? gone = await new LiveView(terminal, terminal.Input, client, TimeProvider.System).ShowAsync(parsed.GetValue(interval), ended.Token).ConfigureAwait(false);
            if (gone is null) return ExitCodes.Done;
            using Logging.EventLog log = common.Messages.OpenToolLog(parsed);
            Logging.ToolMessages.Fails(log, $"the job answers no more: it has ended, or its port is closed ({gone})");
            return ExitCodes.Unavailable;

            void End(PosixSignalContext signal)
            {
                signal.Cancel = true;
                ended.Cancel();
            }
        }));
        return command;
    }

    private static IAnsiConsole Terminal(TextWriter output, bool color) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(output),
        Interactive = InteractionSupport.Yes,
        Ansi = output == Console.Out && !Console.IsOutputRedirected ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = color ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
    });
}
