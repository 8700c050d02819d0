using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Tests.Verification;

/// <summary>A hand-made history: a job of JSON streams with key (user_id, item_id), and records in their order of arrival.</summary>
internal sealed class History
{
    public const long TenOClock = 1_763_978_400_000;
    private readonly List<SourceRecord> _records = [];
    private long? _floor;

    public JobOptions Job { get; set; } = JobOf(Stream("exposure", StreamRole.Exposure), Stream("click", StreamRole.Action));

    public static JobOptions JobOf(params StreamOptions[] streams) => new()
    {
        Job = "test",
        Streams = streams,
        Time = new TimeOptions { OutOfOrderness = TimeSpan.FromHours(1) },
        Sink = new FileSinkOptions { Dir = "unused" },
        State = new StateOptions { Dir = "unused" },
    };

    public static StreamOptions Stream(string name, StreamRole role, string? eventId = null, params FilterOptions[] filters) => new()
    {
        Name = name,
        Role = role,
        Positive = role == StreamRole.Action,
        Source = new FileSourceOptions { Paths = [name] },
        Format = RecordFormat.Json,
        Key = ["user_id", "item_id"],
        Time = new EventTimeOptions { Field = "ts" },
        EventId = eventId,
        Filters = filters,
    };

    /// <summary>An event of a stream (its index is its partition) some time after ten o'clock.</summary>
    public History Event(int stream, TimeSpan after, string fields = "", string user = "u1")
    {
        long ts = TenOClock + (long)after.TotalMilliseconds;
        return Record(stream, $"{{\"user_id\":\"{user}\",\"item_id\":\"i2\",\"ts\":{ts}{(fields.Length > 0 ? "," + fields : "")}}}");
    }

    public History Record(int partition, string? value, params int[] streams) =>
        Record(new SourceRecord(partition, streams.Length > 0 ? streams : [partition], value is null ? null : Encoding.UTF8.GetBytes(value)));

    public History Record(SourceRecord record)
    {
        _records.Add(record with { Floor = _floor });
        return this;
    }

    /// <summary>The next events are at positions with a floor some time after ten o'clock; null: with none.</summary>
    public History Floor(TimeSpan? after)
    {
        _floor = after is { } time ? TenOClock + (long)time.TotalMilliseconds : null;
        return this;
    }

    public ReferenceResult JoinUpTo(TimeSpan watermark) => ReferenceJoin.Run(Job, _records, TenOClock + (long)watermark.TotalMilliseconds);

    public ReferenceResult Join() => ReferenceJoin.Run(Job, _records);

    public ReferenceResult JoinBackwards() => ReferenceJoin.Run(Job, Enumerable.Reverse(_records));

    public static string Text(ReferenceSample sample) => Encoding.UTF8.GetString(sample.Value);

    public static JsonElement Json(ReferenceSample sample) => JsonElement.Parse(sample.Value);
}
