using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Puts the records of a progress topic, as <see cref="ProgressRecords"/> writes them, together to the progress they stand for: the last of each key.</summary>
/// <remarks>Threading: one thread. Errors: <see cref="SinkRefusedException"/> for a record that is not understood.</remarks>
/// <param name="topic">The topic, for messages.</param>
internal sealed class ProgressFold(string topic)
{
    private readonly EmissionPoint[] _points = EmissionPoint.NoneOfAll();
    private Progress? _start;
    private (long Commits, string Owner, long Watermark)? _cut;
    private FloorHistory _floors = FloorHistory.Empty;

    /// <summary>Takes the next record.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value; null: a tombstone.</param>
    /// <param name="offset">Its place, for messages.</param>
    public void Add(byte[]? key, byte[]? value, long offset)
    {
        string name = key is null ? "" : Encoding.UTF8.GetString(key);
        try
        {
            using JsonDocument? document = value is null ? null : JsonDocument.Parse(value);
            if (document is not null && document.RootElement.GetProperty("version").GetInt32() is var version and not ProgressRecords.Version)
                throw new SinkRefusedException($"Topic {topic}, offset {offset}, key {name}: expected version {ProgressRecords.Version}, found {version}");
            Add(name, document?.RootElement);
        }
        catch (Exception damaged) when (damaged is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new SinkRefusedException($"Topic {topic}, offset {offset}, key {name}: expected a record of progress, found: {damaged.Message}", damaged);
        }
    }

    /// <summary>The progress; null when no start was committed.</summary>
    public Progress? Result()
    {
        if (_start is null && _cut is null) return null;
        if (_start is null || _cut is not { } cut)
            throw new SinkRefusedException($"Topic {topic}: expected the records {ProgressRecords.Start} and {ProgressRecords.Cut}, found only {(_start is null ? ProgressRecords.Cut : ProgressRecords.Start)}");
        return _start with { Commits = cut.Commits, Owner = cut.Owner, Watermark = cut.Watermark, Floors = _floors, Points = _points };
    }

    private void Add(string key, JsonElement? value)
    {
        if (key == ProgressRecords.Start) _start = value is { } start ? StartOf(start) : null;
        else if (key == ProgressRecords.Cut) _cut = value is { } cut ? (cut.GetProperty("commits").GetInt64(), Text(cut, "owner"), TimeOf(cut, "watermark")) : null;
        else if (key == ProgressRecords.Floors) _floors = value is { } floors ? ProgressJson.ReadFloors(floors) : FloorHistory.Empty;
        else _points[GroupOf(key)] = value is { } point ? ProgressJson.ReadPoint(point) : EmissionPoint.None;
    }

    private static int GroupOf(string key) =>
        key.StartsWith(ProgressRecords.Group, StringComparison.Ordinal)
        && int.TryParse(key.AsSpan(ProgressRecords.Group.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int group) && group < KeyHash.GroupCount
            ? group
            : throw new FormatException("an unknown key");

    private static Progress StartOf(JsonElement start) => new()
    {
        Contract = start.GetProperty("contract").GetInt32(),
        SettingsHash = Text(start, "settings"),
        Owner = "",
        Origin = Text(start, "origin"),
        Starts = [.. start.GetProperty("starts").EnumerateArray().Select(static at => new StartPosition(
            Text(at, "source"), at.GetProperty("number").GetInt32(), at.GetProperty("position").GetInt64(),
            at.TryGetProperty("end", out JsonElement end) ? end.GetInt64() : SourcePartition.NoEnd, Text(at, "identity")))],
    };

    private static long TimeOf(JsonElement value, string name) => value.TryGetProperty(name, out JsonElement time) ? time.GetInt64() : SourcePartition.NoTime;

    private static string Text(JsonElement value, string name) => value.GetProperty(name).GetString() ?? throw new FormatException($"no {name}");
}
