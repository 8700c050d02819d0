using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Parsing;

/// <summary>
/// The records of <c>Data/corpus</c>, good and bad, with what must become of each. Its files are data; the shape is told by
/// <c>Data/README.md</c>.
/// </summary>
internal static class Corpus
{
    private const string SetupsFile = "setups.json";

    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "Parsing", "Data", "corpus");
    private static readonly JsonElement Setups = Load(Path.Combine(Root, SetupsFile));

    public static readonly IReadOnlyList<CorpusCase> Cases =
        [.. Directory.GetFiles(Root, "*.json").Order(StringComparer.Ordinal).Where(file => Path.GetFileName(file) != SetupsFile).SelectMany(CasesOf)];

    /// <summary>A parser for a named set-up.</summary>
    public static ParserRig Rig(string setup)
    {
        JsonElement options = Setups.GetProperty(setup);
        TimeMode mode = Text(options, "time") == "processing" ? TimeMode.Processing : TimeMode.Event;
        int maxBytes = options.TryGetProperty("max_record_bytes", out JsonElement max) ? max.GetInt32() : new ParseOptions().MaxRecordBytes;
        return new ParserRig(
            [.. options.GetProperty("streams").EnumerateArray().Select(Stream)],
            ParserRig.Bounds(maxBytes, mode),
            options.TryGetProperty("timestamps", out JsonElement timestamps) && timestamps.GetBoolean(),
            Texts(options, "header"));
    }

    private static IEnumerable<CorpusCase> CasesOf(string file) =>
        Load(file).EnumerateArray().Select(element => new CorpusCase(Path.GetFileNameWithoutExtension(file), element));

    private static JsonElement Load(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;

    private static StreamOptions Stream(JsonElement stream)
    {
        bool csv = Text(stream, "format") == "csv";
        JsonElement time = stream.GetProperty("time");
        return ParserRig.Exposures(csv ? RecordFormat.Csv : RecordFormat.Json) with
        {
            Name = Text(stream, "name")!,
            Key = Texts(stream, "key")!,
            EventId = Text(stream, "event_id"),
            Time = time.ValueKind == JsonValueKind.String ? new EventTimeOptions() : new EventTimeOptions { Field = Text(time, "field"), Unit = Unit(time) },
            Csv = new CsvOptions { Columns = Texts(stream, "columns") ?? [], Delimiter = (Text(stream, "delimiter") ?? ",")[0] },
            Filters = stream.TryGetProperty("filter", out JsonElement filters) ? [.. filters.EnumerateArray().Select(Filter)] : [],
        };
    }

    private static TimeUnit Unit(JsonElement time) => Text(time, "unit") switch
    {
        "s" => TimeUnit.Seconds,
        "ms" => TimeUnit.Milliseconds,
        "us" => TimeUnit.Microseconds,
        "iso8601" => TimeUnit.Iso8601,
        var other => throw new InvalidDataException($"{SetupsFile}: expected a time unit, found {other}."),
    };

    private static FilterOptions Filter(JsonElement filter) => new()
    {
        Field = Text(filter, "field")!,
        In = Texts(filter, "in"),
        Min = filter.TryGetProperty("min", out JsonElement min) ? min.GetDouble() : null,
        Max = filter.TryGetProperty("max", out JsonElement max) ? max.GetDouble() : null,
    };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string[]? Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement values) ? [.. values.EnumerateArray().Select(value => value.GetString()!)] : null;
}

/// <summary>One record of the corpus.</summary>
internal sealed class CorpusCase(string file, JsonElement element)
{
    public string Name { get; } = $"{file}: {element.GetProperty("name").GetString()}";

    public string Setup { get; } = element.GetProperty("setup").GetString()!;

    public long At { get; } = element.TryGetProperty("at", out JsonElement at) ? at.GetInt64() : 0;

    public IReadOnlyList<JsonElement> Expected { get; } =
        element.GetProperty("expect") is { ValueKind: JsonValueKind.Array } many ? [.. many.EnumerateArray()] : [element.GetProperty("expect")];

    public void AddTo(RecordBatch batch, long offset)
    {
        long timestamp = element.TryGetProperty("timestamp", out JsonElement given) ? given.GetInt64() : SourcePartition.NoTime;
        if (element.TryGetProperty("value", out _)) batch.Add(new RawRecord(0, RawRecord.NullValue, offset, timestamp));
        else if (element.TryGetProperty("oversized", out _)) batch.Add(new RawRecord(0, RawRecord.Oversized, offset, timestamp));
        else batch.Add(Bytes(), offset, timestamp);
    }

    private byte[] Bytes()
    {
        var bytes = new MemoryStream();
        if (element.TryGetProperty("parts", out JsonElement parts))
            foreach (JsonElement part in parts.EnumerateArray()) bytes.Write(PartBytes(part));
        else
            bytes.Write(PartBytes(element));
        return bytes.ToArray();
    }

    private static byte[] PartBytes(JsonElement part)
    {
        if (part.ValueKind == JsonValueKind.String) return Encoding.UTF8.GetBytes(part.GetString()!);
        byte[] unit = part.TryGetProperty("hex", out JsonElement hex) ? Convert.FromHexString(hex.GetString()!.Replace(" ", "", StringComparison.Ordinal))
            : part.TryGetProperty("repeat", out JsonElement repeat) ? Encoding.UTF8.GetBytes(repeat.GetString()!)
            : Encoding.UTF8.GetBytes(part.GetProperty("text").GetString()!);
        int times = part.TryGetProperty("times", out JsonElement count) ? count.GetInt32() : 1;
        var bytes = new byte[unit.Length * times];
        for (int i = 0; i < times; i++) unit.CopyTo(bytes, i * unit.Length);
        return bytes;
    }
}
