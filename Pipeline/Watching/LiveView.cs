using Pipeline.Reports;
using Spectre.Console;

namespace Pipeline.Watching;

/// <summary>A running job's blocks in a terminal, drawn anew at each look until somebody presses q or the job answers no more.</summary>
/// <remarks>Threading: one caller. Errors: <see cref="HttpRequestException"/> when nobody answered at all.</remarks>
/// <param name="terminal">Where it is drawn.</param>
/// <param name="keys">What is pressed.</param>
/// <param name="client">The job.</param>
/// <param name="clock">The clock.</param>
internal sealed class LiveView(IAnsiConsole terminal, IAnsiConsoleInput keys, RunClient client, TimeProvider clock)
{
    /// <summary>Time between two looks for a key; the shortest time between two looks at the job.</summary>
    public static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(50);

    private Report? _before;

    /// <summary>Shows until the end.</summary>
    /// <param name="interval">Time between two looks.</param>
    /// <param name="stop">Ends it like a q.</param>
    /// <returns>Null: somebody ended it; else why the job answers no more.</returns>
    public async Task<string?> ShowAsync(TimeSpan interval, CancellationToken stop)
    {
        bool answered = false;
        try
        {
            RunStatus first = await LookAsync(stop).ConfigureAwait(false);
            answered = true;
            await terminal.Live(StatusView.Blocks(first)).StartAsync(async live =>
            {
                while (!await IsQuitAsync(interval, stop).ConfigureAwait(false)) live.UpdateTarget(StatusView.Blocks(await LookAsync(stop).ConfigureAwait(false)));
            }).ConfigureAwait(false);
            return null;
        }
        catch (HttpRequestException gone) when (answered)
        {
            return gone.Message;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<RunStatus> LookAsync(CancellationToken stop)
    {
        Report? now = await client.ReportAsync(stop).ConfigureAwait(false);
        RunStatus status = RunStatus.Of(now, await client.ReadinessAsync(stop).ConfigureAwait(false), _before);
        _before = now;
        return status;
    }

    /// <summary>Waits for the next look, or a q.</summary>
    private async Task<bool> IsQuitAsync(TimeSpan interval, CancellationToken stop)
    {
        for (TimeSpan waited = TimeSpan.Zero; waited < interval; waited += KeyInterval)
        {
            while (keys.IsKeyAvailable())
                if (keys.ReadKey(intercept: true)?.Key == ConsoleKey.Q)
                    return true;
            await Task.Delay(KeyInterval, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return true;
        }
        return false;
    }
}
