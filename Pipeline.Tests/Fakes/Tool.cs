using System.Diagnostics;

namespace Pipeline.Tests.Fakes;

/// <summary>A program that a machine may have, for checks that go further where it is there.</summary>
internal static class Tool
{
    /// <summary>Its path; null where it is not on PATH.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Calls it; gives its exit code and all that it said.</summary>
    public static async Task<(int ExitCode, string Said)> RunAsync(string path, string folder, string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await errors + await output);
    }
}
