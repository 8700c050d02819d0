using System.Buffers;
using System.Text.Json;

namespace Pipeline.Blocks.Sinks;

/// <summary><c>_committed.json</c>: how many bytes of each sample file are there for good. A reader that stops at them sees each sample once.</summary>
/// <remarks><c>{"version":1,"files":{"samples-0.jsonl":12345}}</c>, lengths in bytes, names in ordinal order.</remarks>
internal static class CommittedLengths
{
    /// <summary>The file's name.</summary>
    public const string FileName = "_committed.json";

    private const int Version = 1;

    /// <summary>Lengths by file name; empty when nothing was ever committed. Errors: <see cref="SinkRefusedException"/> when the file cannot be understood.</summary>
    public static SortedDictionary<string, long> Read(string path)
    {
        var lengths = new SortedDictionary<string, long>(StringComparer.Ordinal);
        if (!File.Exists(path)) return lengths;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            int version = document.RootElement.GetProperty("version").GetInt32();
            if (version != Version) throw new SinkRefusedException($"{path}: expected version {Version}, found {version}");
            foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject()) lengths.Add(file.Name, file.Value.GetInt64());
            return lengths;
        }
        catch (Exception damaged) when (damaged is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new SinkRefusedException($"{path}: expected version {Version} and the lengths of files, found: {damaged.Message}", damaged);
        }
    }

    /// <summary>The file's bytes.</summary>
    public static ReadOnlyMemory<byte> Format(SortedDictionary<string, long> lengths)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteStartObject("files");
        foreach ((string name, long length) in lengths) json.WriteNumber(name, length);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }
}
