using System.Diagnostics;
using System.Text.Json;

namespace Pipeline.Perf.Harness;

/// <summary>The executable, run as a process of its own so that what is measured is what a user gets.</summary>
internal static class PipelineProcess
{
    /// <summary>Runs a command; its standard output is the answer. Fails with its messages when it fails.</summary>
    public static Task<string> RunAsync(params string[] arguments) => RunOnAsync(null, Executable, arguments);

    /// <summary>Runs a job to its end and reads its summary.</summary>
    public static Task<RunResult> RunToEndAsync(string job, params string[] more) => RunToEndOnAsync(null, job, more);

    /// <summary>As <see cref="RunToEndAsync"/>, on some of the machine's cores.</summary>
    /// <param name="cores">As <c>taskset -c</c> takes them; null: all.</param>
    /// <param name="job">The job file.</param>
    /// <param name="more">More flags.</param>
    public static async Task<RunResult> RunToEndOnAsync(string? cores, string job, params string[] more)
    {
        PageCache.WriteOut();
        string summary = await RunOnAsync(cores, Executable, ["run", job, "--until-end", "--from-scratch", "--report", "none", .. more]);
        return RunResult.Of(JsonDocument.Parse(summary).RootElement);
    }

    /// <summary>The program as its own project builds it, compiled ahead; the copy beside the harness is not.</summary>
    public static string Executable => Tests.Crashes.Executable.Path;

    /// <summary>How a program of .NET is started on some of the machine's cores.</summary>
    public static ProcessStartInfo StartOn(string? cores, string program, params string[] arguments) => new(
        cores is null ? "dotnet" : "taskset",
        cores is null ? [program, .. arguments] : ["-c", cores, "dotnet", program, .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    /// <summary>Runs a program of .NET; see <see cref="RunAsync"/>.</summary>
    public static async Task<string> RunOnAsync(string? cores, string program, params string[] arguments)
    {
        using Process process = Process.Start(StartOn(cores, program, arguments))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> messages = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await messages}{await output}");
        return (await output).Trim();
    }

    /// <summary>Verifies samples, in groups: all in memory took 22 GB for 24 M exposures (perf/results/2026-11-29-night.md). Anything but agreement fails.</summary>
    public static Task<string> VerifyAsync(string job, string samples) => RunAsync("verify", job, "--samples", samples, "--groups", "32");
}
