using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Reports;

namespace Pipeline.Hosting.Http;

/// <summary>Names of health answers: snake_case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Readiness))]
internal sealed partial class HealthJson : JsonSerializerContext;
