using System.Diagnostics;
using Pipeline.Blocks.Flow;
using Pipeline.Configuration;

namespace Pipeline.Tests.Crashes;

/// <summary>The real executable as a child process, to be killed. What is still alive at the end of its use is killed.</summary>
/// <remarks>Threading: one caller at a time.</remarks>
internal sealed class PipelineChild : IDisposable
{
    /// <summary>Exit code of a process that SIGKILL ended.</summary>
    public const int Killed = 128 + Signals.Kill;

    private static readonly TimeSpan DeathLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _messages;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Task _exit;

    private PipelineChild(Process process)
    {
        _process = process;
        Pid = process.Id;
        _output = process.StandardOutput.ReadToEndAsync();
        _messages = process.StandardError.ReadToEndAsync();
        _exit = WatchAsync();
    }

    /// <summary>Starts the program.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="crashAt">The point it dies at; null: at none.</param>
    /// <param name="oneCore">Whether it may use the machine's first core only.</param>
    public static PipelineChild Start(IReadOnlyList<string> arguments, string? crashAt, bool oneCore)
    {
        string program = Executable.Path;
        ProcessStartInfo start = oneCore
            ? new ProcessStartInfo("taskset", ["-c", "0", "dotnet", program, .. arguments])
            : new ProcessStartInfo("dotnet", [program, .. arguments]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment[CrashPoint.Variable] = crashAt ?? "";
        start.Environment.Remove(ComputeThreads.Variable);
        return new PipelineChild(Process.Start(start)!);
    }

    /// <summary>Its process id.</summary>
    public int Pid { get; }

    /// <summary>Time since its start; once it has exited, until then.</summary>
    public TimeSpan Age => HasExited ? _lived : Stopwatch.GetElapsedTime(_began);

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _exit.IsCompleted;

    /// <summary>Its exit code, once it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Its standard output, once it has exited.</summary>
    public string Output => _output.Result;

    /// <summary>Its standard error, once it has exited.</summary>
    public string Messages => _messages.Result;

    /// <summary>Waits for its end; false when the time is over before it.</summary>
    public async Task<bool> ExitsWithinAsync(TimeSpan time)
    {
        using var enough = new CancellationTokenSource();
        Task first = await Task.WhenAny(_exit, Task.Delay(time, enough.Token)).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        return first == _exit;
    }

    /// <summary>Sends it a signal.</summary>
    public void Send(int signal) => Signals.Send(Pid, signal);

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (HasExited) return;
        Send(Signals.Kill);
        if (!await ExitsWithinAsync(DeathLimit).ConfigureAwait(false)) throw new CrashFailureException($"process {Pid} is still there {DeathLimit.TotalSeconds} s after SIGKILL");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!HasExited)
        {
            Send(Signals.Kill);
            _exit.Wait(DeathLimit);
        }
        _process.Dispose();
    }

    private TimeSpan _lived;

    private async Task WatchAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _lived = Stopwatch.GetElapsedTime(_began);
        await Task.WhenAll(_output, _messages).ConfigureAwait(false);
    }
}

/// <summary>The program did what it must not; the message is a line of the report.</summary>
internal sealed class CrashFailureException(string message) : Exception(message);
