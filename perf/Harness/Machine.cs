using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pipeline.Perf.Harness;

/// <summary>Where and of what figures are: to be printed with each of them.</summary>
internal static class Machine
{
    private const string Processors = "/proc/cpuinfo";

    /// <summary>System, processor, memory, runtime, the program's version with its commit, librdkafka.</summary>
    public static string Line =>
        $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores ({Processor}), {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.FrameworkDescription}; pipeline {Version}, librdkafka {Library.VersionString}";

    // With the commit it was built at; what was changed and not committed by then is not told.
    private static string? Version => FileVersionInfo.GetVersionInfo(PipelineProcess.Executable).ProductVersion;

    private static string Processor =>
        File.Exists(Processors) && File.ReadLines(Processors).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal)) is { } found
            ? found[(found.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
}
