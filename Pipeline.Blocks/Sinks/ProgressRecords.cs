using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Writes progress as keyed JSON records, of which a transaction carries those that it changed.</summary>
/// <remarks>
/// <c>start</c>: what a start fixes. <c>cut</c>: commits, owner, watermark; in every transaction. <c>floors</c>: their whole history, so that compaction can keep
/// the last record of a key and lose nothing. <c>group-N</c>: the point of a key group. Each value holds its layout's version. A time that is none is left out.
/// </remarks>
internal static class ProgressRecords
{
    /// <summary>Layout of the values.</summary>
    public const int Version = 1;

    /// <summary>Key of what a start fixes.</summary>
    public const string Start = "start";

    /// <summary>Key of what every commit changes.</summary>
    public const string Cut = "cut";

    /// <summary>Key of the floors.</summary>
    public const string Floors = "floors";

    /// <summary>What the keys of points begin with.</summary>
    public const string Group = "group-";

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? Buffer;
    [ThreadStatic]
    private static Utf8JsonWriter? Writer;

    private static readonly byte[] StartKey = Encoding.UTF8.GetBytes(Start);
    private static readonly byte[] CutKey = Encoding.UTF8.GetBytes(Cut);
    private static readonly byte[] FloorsKey = Encoding.UTF8.GetBytes(Floors);
    private static readonly byte[][] GroupKeys = [.. Enumerable.Range(0, KeyHash.GroupCount).Select(static group => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Group}{group}")))];

    /// <summary>All of a progress: what a start commits.</summary>
    public static void All(Progress progress, List<ProgressRecord> records)
    {
        records.Add(new(StartKey, StartOf(progress)));
        records.Add(new(FloorsKey, FloorsOf(progress.Floors)));
        for (int group = 0; group < KeyHash.GroupCount; group++) records.Add(new(GroupKeys[group], PointOf(progress.Points[group])));
        records.Add(new(CutKey, CutOf(progress)));
    }

    /// <summary>What a transaction changed.</summary>
    /// <param name="from">Before it.</param>
    /// <param name="to">With it.</param>
    /// <param name="groups">Key groups whose points it moved, one bit each.</param>
    /// <param name="records">Where to.</param>
    /// <param name="values">Arrays of values that nobody uses any more, one a key group: used again where a value is as long, as it nearly always is.</param>
    public static void Changes(Progress from, Progress to, ulong groups, List<ProgressRecord> records, byte[]?[] values)
    {
        if (!ReferenceEquals(from.Floors, to.Floors)) records.Add(new(FloorsKey, FloorsOf(to.Floors)));
        for (int group = 0; group < KeyHash.GroupCount; group++)
            if ((groups & (1UL << group)) != 0) records.Add(new(GroupKeys[group], values[group] = PointOf(to.Points[group], values[group])));
        records.Add(new(CutKey, CutOf(to)));
    }

    private static byte[] StartOf(Progress progress) => Json(progress, static (json, progress) =>
    {
        json.WriteNumber("contract", progress.Contract);
        json.WriteString("settings", progress.SettingsHash);
        json.WriteString("origin", progress.Origin);
        json.WriteStartArray("starts");
        foreach (StartPosition start in progress.Starts)
        {
            json.WriteStartObject();
            json.WriteString("source", start.Source);
            json.WriteNumber("number", start.Number);
            json.WriteNumber("position", start.Position);
            if (start.End != SourcePartition.NoEnd) json.WriteNumber("end", start.End);
            json.WriteString("identity", start.Identity);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private static byte[] CutOf(Progress progress) => Json(progress, static (json, progress) =>
    {
        json.WriteNumber("commits", progress.Commits);
        json.WriteString("owner", progress.Owner);
        if (progress.Watermark != SourcePartition.NoTime) json.WriteNumber("watermark", progress.Watermark);
    });

    private static byte[] FloorsOf(FloorHistory floors) => Json(floors, static (json, floors) => ProgressJson.WriteFloors(json, floors));

    private static byte[]? PointOf(EmissionPoint point, byte[]? again = null) => point == EmissionPoint.None ? null : Json(point, static (json, point) => ProgressJson.WritePoint(json, point), again);

    /// <summary>A value's bytes. Many a second are written, so buffer and writer are used again.</summary>
    private static byte[] Json<T>(T of, Action<Utf8JsonWriter, T> write, byte[]? again = null)
    {
        ArrayBufferWriter<byte> bytes = Buffer ??= new();
        Utf8JsonWriter json = Writer ??= new(bytes);
        bytes.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        write(json, of);
        json.WriteEndObject();
        json.Flush();
        if (again?.Length != bytes.WrittenCount) return bytes.WrittenSpan.ToArray();
        bytes.WrittenSpan.CopyTo(again);
        return again;
    }
}
