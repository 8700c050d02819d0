using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pipeline.Blocks.Sinks;

/// <summary>
/// <c>_committed.json</c>: how many bytes of each sample file are there for good, and the progress those samples stand for. A reader that stops at the
/// lengths sees each sample once.
/// </summary>
/// <remarks>
/// <c>{"version":1,"files":{"samples-0.jsonl":12345},"progress":{…}}</c>, names in ordinal order; see <see cref="ProgressJson"/>. Without
/// <c>progress</c>: nothing that a start could go on from, as at-least-once delivery writes it.
/// </remarks>
/// <param name="Lengths">Bytes by file name.</param>
/// <param name="Progress">The progress; null: none.</param>
internal sealed record CommittedOutput(SortedDictionary<string, long> Lengths, Progress? Progress)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "_committed.json";

    private const int Version = 1;

    // Relaxed: paths are read by people, never put into HTML.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Nothing was ever committed.</summary>
    public static CommittedOutput None => new(new SortedDictionary<string, long>(StringComparer.Ordinal), null);

    /// <summary>What the file holds; <see cref="None"/> when there is none. Errors: <see cref="SinkRefusedException"/> when it cannot be understood.</summary>
    public static CommittedOutput Read(string path)
    {
        if (!File.Exists(path)) return None;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            int version = document.RootElement.GetProperty("version").GetInt32();
            if (version != Version) throw new SinkRefusedException($"{path}: expected version {Version}, found {version}");
            CommittedOutput read = None;
            foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject()) read.Lengths.Add(file.Name, file.Value.GetInt64());
            return document.RootElement.TryGetProperty("progress", out JsonElement progress) ? read with { Progress = ProgressJson.Read(progress) } : read;
        }
        catch (Exception damaged) when (damaged is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new SinkRefusedException($"{path}: expected version {Version}, the lengths of files and a progress or none, found: {damaged.Message}", damaged);
        }
    }

    /// <summary>The file's bytes.</summary>
    public ReadOnlyMemory<byte> Format()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, Relaxed);
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteStartObject("files");
        foreach ((string name, long length) in Lengths) json.WriteNumber(name, length);
        json.WriteEndObject();
        if (Progress is not null)
        {
            json.WritePropertyName("progress");
            ProgressJson.Write(json, Progress);
        }
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }
}
