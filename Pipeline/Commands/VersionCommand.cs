using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pipeline.Commands;

/// <summary><c>pipeline version</c>: what exactly is running.</summary>
internal static class VersionCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var command = new Command("version", "Version, commit, runtime and librdkafka.");
        command.SetAction(parsed => Print(parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int Print(TextWriter output)
    {
        string informational = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        // The compiler appends the commit it built behind a plus sign, where it built from a repository.
        string[] parts = informational.Split('+', 2);
        output.WriteLine($"pipeline {parts[0]}");
        output.WriteLine($"commit {(parts.Length == 2 ? parts[1] : "unknown")}");
        output.WriteLine($"runtime {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        output.WriteLine($"librdkafka {Library.VersionString}");
        return ExitCodes.Done;
    }
}
