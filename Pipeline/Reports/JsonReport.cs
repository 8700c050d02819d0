using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Reports;

/// <summary>Writes a report as App.Metrics' JSON: camel case, one object.</summary>
internal static class JsonReport
{
    /// <summary>On one line.</summary>
    public static string Line(Report report) => JsonSerializer.Serialize(report, ReportJson.Default.Report);
}

/// <summary>Names as App.Metrics has them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
