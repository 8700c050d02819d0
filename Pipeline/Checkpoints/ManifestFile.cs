using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Checkpoints;

/// <summary><c>manifest.json</c>: the manifest as one line of JSON, and a second line <c>xxh128:&lt;32 hex&gt;</c> of the first one's bytes without its newline.</summary>
internal static class ManifestFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "manifest.json";

    // Relaxed: paths and settings are read by people, never put into HTML.
    private static readonly ManifestJson Json = new(new JsonSerializerOptions(ManifestJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The file's bytes.</summary>
    public static byte[] Format(CheckpointManifest manifest)
    {
        byte[] line = JsonSerializer.SerializeToUtf8Bytes(manifest, Json.CheckpointManifest);
        return [.. line, .. Tail(line)];
    }

    /// <summary>The manifest of a file's bytes; whoever has it has a whole one of this release.</summary>
    /// <exception cref="InvalidDataException">It is damaged: what was expected and found.</exception>
    /// <exception cref="OtherReleaseException">It is whole, and of another release.</exception>
    public static CheckpointManifest Parse(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0) throw new InvalidDataException($"expected two lines, found {bytes.Length} bytes without a newline");
        ReadOnlySpan<byte> line = bytes[..end];
        byte[] tail = Tail(line);
        if (!bytes[end..].SequenceEqual(tail))
            throw new InvalidDataException($"expected {Shown(tail)} behind its first {end} bytes, found {Shown(bytes[end..])}");
        try
        {
            RefuseOtherRelease(line);
            return JsonSerializer.Deserialize(line, Json.CheckpointManifest) ?? throw new InvalidDataException("expected a manifest, found null");
        }
        catch (JsonException unreadable)
        {
            throw new InvalidDataException($"expected a manifest, found: {unreadable.Message}", unreadable);
        }
    }

    private static void RefuseOtherRelease(ReadOnlySpan<byte> line)
    {
        ManifestVersions versions = JsonSerializer.Deserialize(line, Json.ManifestVersions) ?? throw new InvalidDataException("expected a manifest, found null");
        if (versions.FormatVersion != CheckpointManifest.CurrentFormat)
            throw new OtherReleaseException($"expected format_version {CheckpointManifest.CurrentFormat}, found {versions.FormatVersion}");
        if (versions.ContractVersion != SettingsHash.ContractVersion)
            throw new OtherReleaseException($"expected contract_version {SettingsHash.ContractVersion}, found {versions.ContractVersion}");
    }

    private static byte[] Tail(ReadOnlySpan<byte> line) => Encoding.ASCII.GetBytes($"\nxxh128:{FileChecksum.Of(line)}\n");

    private static string Shown(ReadOnlySpan<byte> tail)
    {
        const int longest = 60;
        string text = Encoding.Latin1.GetString(tail[..Math.Min(tail.Length, longest)]);
        return JsonSerializer.Serialize(tail.Length > longest ? text + "…" : text, Json.String);
    }
}

/// <summary>A checkpoint is whole, and of another release of the program: it is for that release, and no reason to fall back to an older one.</summary>
/// <param name="message">Which version was expected and which found.</param>
internal sealed class OtherReleaseException(string message) : Exception(message);

/// <summary>What every release's manifest begins with.</summary>
/// <param name="FormatVersion">See <see cref="CheckpointManifest.FormatVersion"/>.</param>
/// <param name="ContractVersion">See <see cref="CheckpointManifest.ContractVersion"/>.</param>
internal sealed record ManifestVersions(int FormatVersion, int ContractVersion);

/// <summary>Names as in the other files: snake_case; nothing missing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    Converters = [typeof(RoleConverter), typeof(AnchorConverter), typeof(DeliveryConverter)])]
[JsonSerializable(typeof(CheckpointManifest))]
[JsonSerializable(typeof(ManifestVersions))]
[JsonSerializable(typeof(string))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary><c>exposure</c>, <c>action</c>.</summary>
internal sealed class RoleConverter() : JsonStringEnumConverter<StreamRole>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary><c>exposure</c>, <c>first</c>.</summary>
internal sealed class AnchorConverter() : JsonStringEnumConverter<WindowAnchor>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary><c>exactly-once</c>, <c>at-least-once</c>, as the job file has it.</summary>
internal sealed class DeliveryConverter() : JsonStringEnumConverter<DeliveryMode>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
