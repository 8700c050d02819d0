using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Hosting.Http;

/// <summary>What runs where, as App.Metrics' <c>/env</c> tells it, and the configuration in force. No environment variable, and no secret.</summary>
/// <param name="configuration">The effective configuration as YAML, secrets masked.</param>
internal sealed class EnvironmentReport(string configuration)
{
    /// <summary>One object.</summary>
    public string Json()
    {
        AssemblyName assembly = typeof(EnvironmentReport).Assembly.GetName();
        return JsonSerializer.Serialize(
            new EnvironmentAnswer(
                assembly.Name ?? "",
                typeof(EnvironmentReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
                RuntimeInformation.FrameworkDescription,
                Environment.MachineName,
                RuntimeInformation.OSDescription,
                RuntimeInformation.OSArchitecture.ToString(),
                RuntimeInformation.ProcessArchitecture.ToString(),
                Environment.ProcessorCount,
                Environment.ProcessId,
                configuration.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            EnvironmentJson.Default.EnvironmentAnswer);
    }
}

/// <summary>The answer.</summary>
internal sealed record EnvironmentAnswer(
    string EntryAssemblyName, string EntryAssemblyVersion, string FrameworkDescription, string MachineName, string OperatingSystem, string OperatingSystemArchitecture,
    string ProcessArchitecture, int ProcessorCount, int ProcessId, IReadOnlyList<string> Configuration);

/// <summary>Names as App.Metrics has them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EnvironmentAnswer))]
internal sealed partial class EnvironmentJson : JsonSerializerContext;
