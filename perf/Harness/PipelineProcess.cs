using System.Diagnostics;
using System.Text.Json;

namespace Pipeline.Perf.Harness;

/// <summary>The executable, run as a process of its own so that what is measured is what a user gets.</summary>
internal static class PipelineProcess
{
    /// <summary>The program as its own project builds it, compiled ahead; the copy beside the harness is not.</summary>
    private static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../Pipeline/bin/Release/net10.0/pipeline.dll"));

    /// <summary>Runs a command; its standard output is the answer. Fails with its messages when it fails.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> messages = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"pipeline {string.Join(' ', arguments)} ended with {process.ExitCode}: {await messages}{await output}");
        return (await output).Trim();
    }

    /// <summary>Runs a job to its end and reads its summary; records/s are over the whole run.</summary>
    public static Task<RunResult> RunToEndAsync(string job, params string[] more) => MeasureAsync(job, "seconds", more);

    /// <summary>The same; records/s are from the first read on, as the peers count.</summary>
    public static Task<RunResult> RunFromFirstReadAsync(string job) => MeasureAsync(job, "reading_seconds");

    private static async Task<RunResult> MeasureAsync(string job, string seconds, params string[] more)
    {
        JsonElement summary = JsonDocument.Parse(await RunAsync(["run", job, "--until-end", "--from-scratch", "--report", "none", .. more])).RootElement;
        long records = summary.GetProperty("source_records").GetInt64();
        if (summary.GetProperty("unaccounted").GetInt64() != 0) throw new InvalidOperationException($"The ledger does not close: {summary}");
        return new RunResult(
            records / summary.GetProperty(seconds).GetDouble(),
            summary.GetProperty("cpu_seconds").GetDouble() * 1e6 / records,
            summary.GetProperty("peak_rss_bytes").GetInt64() / 1e6);
    }

    /// <summary>Verifies samples; anything but agreement fails.</summary>
    public static Task<string> VerifyAsync(string job, string samples) => RunAsync("verify", job, "--samples", samples);
}
