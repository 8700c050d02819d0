using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Tests.Crashes;

namespace Pipeline.Perf.Harness;

/// <summary>The executable while it runs a job, asked over its HTTP port. Nothing else is reported, so that a look costs only when it is taken.</summary>
/// <remarks>Threading: one caller at a time. Ownership: a process that still runs at the end of its use is killed.</remarks>
internal sealed partial class RunningPipeline : IDisposable
{
    private static readonly HttpClient Client = new();
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly TaskCompletionSource<Uri> _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<string> _output;
    private Uri _address = null!;

    private RunningPipeline(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        process.ErrorDataReceived += Note;
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a job from scratch and ends when it listens.</summary>
    public static Task<RunningPipeline> StartAsync(string job, params string[] more) => RestartAsync(job, ["--from-scratch", .. more]);

    /// <summary>Starts a job from what it left and ends when it listens.</summary>
    public static async Task<RunningPipeline> RestartAsync(string job, params string[] more)
    {
        ProcessStartInfo start = PipelineProcess.StartOn(null, PipelineProcess.Executable, ["run", job, "--report", "none", "--http", "127.0.0.1:0", .. more]);
        var running = new RunningPipeline(Process.Start(start)!);
        await Task.WhenAny(running._listens.Task, running._process.WaitForExitAsync(), Task.Delay(StartLimit));
        if (!running._listens.Task.IsCompleted) throw new InvalidOperationException($"The program does not listen: {running.Said}");
        running._address = new Uri(await running._listens.Task, "metrics");
        return running;
    }

    /// <summary>What it wrote to its standard error so far.</summary>
    public string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    /// <summary>A look at its metrics; null once it has ended.</summary>
    public async Task<Scrape?> LookAsync()
    {
        while (true)
        {
            try
            {
                return Scrape.Parse(await Client.GetStringAsync(_address));
            }
            catch (HttpRequestException notYet) when (notYet.StatusCode is not null)
            {
                // It listens before there is a job to tell of.
                await Task.Delay(50);
            }
            catch (HttpRequestException)
            {
                // It listens no more, for it is at its end.
                await _process.WaitForExitAsync().WaitAsync(EndLimit);
                return null;
            }
        }
    }

    /// <summary>A look while it is certain to run.</summary>
    public async Task<Scrape> LookWhileRunningAsync(string wanted) =>
        await LookAsync() ?? throw new InvalidOperationException($"The run was over before {wanted}: a longer log is needed. {Said}");

    /// <summary>Ends it as a service manager does, and gives its summary.</summary>
    public Task<JsonElement> TerminateAsync()
    {
        Signals.Send(_process.Id, Signals.Terminate);
        return EndAsync();
    }

    /// <summary>Kills it as <c>kill -9</c> does, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits for its end, and gives its summary.</summary>
    public async Task<JsonElement> EndAsync()
    {
        await _process.WaitForExitAsync();
        if (_process.ExitCode != 0) throw new InvalidOperationException($"The program ended with {_process.ExitCode}: {Said}");
        JsonElement summary = JsonDocument.Parse(await _output).RootElement;
        _ = RunResult.Of(summary);
        return summary;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_said) _said.AppendLine(line.Data);
        if (line.Data is { } text && Listening().Match(text) is { Success: true } found) _listens.TrySetResult(new Uri(found.Value));
    }

    [GeneratedRegex("http://127\\.0\\.0\\.1:[0-9]+/")]
    private static partial Regex Listening();
}
