using System.Globalization;
using System.Text.Json;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>A <see cref="Progress"/> as JSON: names in snake case, points by key group and only those that are set, hashes as 32 hex digits.</summary>
/// <remarks>
/// <c>{"contract":1,"settings_hash":"…","owner":"…","origin":"…","commits":7,"watermark":1764000000000,"starts":[{"source":"logs/a.jsonl","number":0,"position":0,
/// "end":9,"identity":""}],"points":{"3":{"time":…,"key":"…","start":…,"revision":0}},"floors":{"sequence":1,"applied":[{"source":…,"number":…,
/// "position":…,"watermark":…}],"idle":[{"source":…,"number":…,"position":…}]}}</c>.
/// </remarks>
internal static class ProgressJson
{
    /// <summary>Writes it as one value.</summary>
    public static void Write(Utf8JsonWriter json, Progress progress)
    {
        json.WriteStartObject();
        json.WriteNumber("contract", progress.Contract);
        json.WriteString("settings_hash", progress.SettingsHash);
        json.WriteString("owner", progress.Owner);
        json.WriteString("origin", progress.Origin);
        json.WriteNumber("commits", progress.Commits);
        json.WriteNumber("watermark", progress.Watermark);
        json.WriteStartArray("starts");
        foreach (StartPosition start in progress.Starts)
        {
            WritePlace(json, start.Source, start.Number, start.Position);
            json.WriteNumber("end", start.End);
            json.WriteString("identity", start.Identity);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WritePoints(json, progress.Points);
        json.WriteStartObject("floors");
        WriteFloors(json, progress.Floors);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Errors: what <see cref="JsonElement"/> throws, and <see cref="FormatException"/>.</summary>
    public static Progress Read(JsonElement json) => new()
    {
        Contract = json.GetProperty("contract").GetInt32(),
        SettingsHash = Text(json, "settings_hash"),
        Owner = Text(json, "owner"),
        Origin = Text(json, "origin"),
        Commits = Number(json, "commits"),
        Watermark = Number(json, "watermark"),
        Starts = [.. json.GetProperty("starts").EnumerateArray().Select(static start =>
            new StartPosition(Text(start, "source"), PartitionOf(start), Number(start, "position"), Number(start, "end"), Text(start, "identity")))],
        Points = ReadPoints(json.GetProperty("points")),
        Floors = ReadFloors(json.GetProperty("floors")),
    };

    private static void WritePoints(Utf8JsonWriter json, IReadOnlyList<EmissionPoint> points)
    {
        json.WriteStartObject("points");
        for (int group = 0; group < points.Count; group++)
        {
            EmissionPoint point = points[group];
            if (point == EmissionPoint.None) continue;
            json.WriteStartObject(group.ToString(CultureInfo.InvariantCulture));
            WritePoint(json, point);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static EmissionPoint[] ReadPoints(JsonElement json)
    {
        EmissionPoint[] points = EmissionPoint.NoneOfAll();
        foreach (JsonProperty group in json.EnumerateObject())
        {
            EmissionPoint point = ReadPoint(group.Value);
            if (point.Key.Group.ToString(CultureInfo.InvariantCulture) != group.Name)
                throw new FormatException($"point of key group {group.Name}: expected a key of it, found {point.Key.ToHex()}, which is of {point.Key.Group}");
            points[point.Key.Group] = point;
        }
        return points;
    }

    /// <summary>Writes the members of a point.</summary>
    public static void WritePoint(Utf8JsonWriter json, EmissionPoint point)
    {
        Span<char> key = stackalloc char[KeyHash.HexDigits];
        point.Key.WriteHex(key);
        json.WriteNumber("time", point.Time);
        json.WriteString("key", key);
        json.WriteNumber("start", point.Start);
        json.WriteNumber("revision", point.Revision);
    }

    /// <summary>Reads what <see cref="WritePoint"/> wrote.</summary>
    public static EmissionPoint ReadPoint(JsonElement json) =>
        new(Number(json, "time"), KeyHash.FromHex(Text(json, "key")), Number(json, "start"), json.GetProperty("revision").GetUInt32());

    /// <summary>Writes the members of the floors.</summary>
    public static void WriteFloors(Utf8JsonWriter json, FloorHistory floors)
    {
        json.WriteNumber("sequence", floors.Sequence);
        json.WriteStartArray("applied");
        foreach (PartitionFloor floor in floors.Applied)
        {
            WritePlace(json, floor.Source, floor.Number, floor.Position);
            json.WriteNumber("watermark", floor.Watermark);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("idle");
        foreach (IdlePartition idle in floors.Idle)
        {
            WritePlace(json, idle.Source, idle.Number, idle.Position);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Reads what <see cref="WriteFloors"/> wrote.</summary>
    public static FloorHistory ReadFloors(JsonElement json) => new(
        Number(json, "sequence"),
        [.. json.GetProperty("applied").EnumerateArray().Select(static floor =>
            new PartitionFloor(Text(floor, "source"), PartitionOf(floor), Number(floor, "position"), Number(floor, "watermark")))],
        [.. json.GetProperty("idle").EnumerateArray().Select(static idle => new IdlePartition(Text(idle, "source"), PartitionOf(idle), Number(idle, "position")))]);

    private static void WritePlace(Utf8JsonWriter json, string source, int number, long position)
    {
        json.WriteStartObject();
        json.WriteString("source", source);
        json.WriteNumber("number", number);
        json.WriteNumber("position", position);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"{name}: expected text, found null");

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    private static int PartitionOf(JsonElement json) => json.GetProperty("number").GetInt32();
}
