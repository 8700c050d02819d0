using System.CommandLine;
using System.Text.Json;
using Pipeline.Reports;
using Pipeline.Watching;

namespace Pipeline.Commands;

/// <summary><c>pipeline status</c>: a running job on one screen. Exits 0 when it is ready, 1 when it is not, 69 when nobody answers.</summary>
internal static class StatusCommand
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var flags = new WatchFlags();
        var json = new Option<bool>("--json") { Description = "One JSON object" };
        var command = new Command("status", "Shows a running job on one screen.") { json };
        flags.AddTo(command);
        command.SetAction((parsed, stop) => flags.RunAsync(common, parsed, async client =>
        {
            Readiness readiness = await client.ReadinessAsync(stop).ConfigureAwait(false);
            RunStatus status = RunStatus.Of(await client.ReportAsync(stop).ConfigureAwait(false), readiness);
            string text = parsed.GetValue(json) ? JsonSerializer.Serialize(status, SnakeCase) : StatusView.Lines(status);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(text).ConfigureAwait(false);
            return readiness.Ready ? ExitCodes.Done : ExitCodes.CheckFailed;
        }));
        return command;
    }
}
