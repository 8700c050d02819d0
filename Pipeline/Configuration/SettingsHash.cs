using System.Buffers;
using System.IO.Hashing;
using System.Text.Json;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration;

/// <summary>The hash of every setting that can change a sample or where it goes; checkpoints and progress carry it (Delivery 5 of the contract).</summary>
/// <remarks>
/// Left out, because no sample depends on them: parallelism, skew, state (directory, memory, interval, keep), drift, <c>start</c> (only a start without
/// progress obeys it), delivery, dead letters, <c>create_topics</c>, <c>unavailable_limit</c>, and librdkafka's properties but for
/// <see cref="SourceProperties"/> and <see cref="SinkProperties"/>; so a new password or a tuned VM keeps the state.
/// The idle timeouts are in it: they decide what is <c>late_idle</c>.
/// </remarks>
internal static class SettingsHash
{
    /// <summary>Changes whenever the same settings come to mean other samples.</summary>
    public const int ContractVersion = 1;

    private static readonly string[] SourceProperties = ["isolation.level"];

    private static readonly string[] SinkProperties = ["partitioner"];

    /// <summary>32 lower-case hex digits of XXH128 over <see cref="Text"/>.</summary>
    public static string Of(JobOptions job) => Convert.ToHexStringLower(XxHash128.Hash(Text(job)));

    /// <summary>The settings as JSON in a fixed order: what is hashed, and what two jobs with different hashes can be compared by.</summary>
    public static byte[] Text(JobOptions job)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("contract", ContractVersion);
            json.WriteString("job", job.Job);
            json.WriteString("time", Choices.Time.NameOf(job.Time.Mode));
            WriteDuration(json, "out_of_orderness", job.Time.OutOfOrderness);
            WriteDuration(json, "idle_timeout", job.Time.IdleTimeout);
            WriteDuration(json, "max_future", job.Time.MaxFuture);
            json.WriteNumber("max_record_bytes", job.MaxRecordBytes);
            WriteDuration(json, "length", job.Window.Length);
            json.WriteString("anchor", Choices.Anchor.NameOf(job.Window.Anchor));
            json.WriteStartArray("streams");
            foreach (StreamOptions stream in job.Streams) WriteStream(json, stream);
            json.WriteEndArray();
            WriteOutput(json, job.Output);
            WriteSink(json, job.Sink);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteStream(Utf8JsonWriter json, StreamOptions stream)
    {
        json.WriteStartObject();
        json.WriteString("name", stream.Name);
        json.WriteString("role", Choices.Role.NameOf(stream.Role));
        json.WriteBoolean("positive", stream.Positive);
        WriteSource(json, stream.Source);
        json.WriteString("format", Choices.Record.NameOf(stream.Format));
        if (stream.Format == RecordFormat.Csv)
        {
            WriteTexts(json, "columns", stream.Csv.Columns);
            json.WriteString("delimiter", $"{stream.Csv.Delimiter}");
            json.WriteBoolean("header", stream.Csv.Header);
        }
        WriteTexts(json, "key", stream.Key);
        json.WriteString("time_field", stream.Time.Field);
        json.WriteString("time_unit", Choices.Unit.NameOf(stream.Time.Unit));
        json.WriteString("event_id", stream.EventId);
        json.WriteStartArray("filter");
        foreach (FilterOptions filter in stream.Filters)
        {
            json.WriteStartObject();
            json.WriteString("field", filter.Field);
            if (filter.In is not null) WriteTexts(json, "in", filter.In);
            WriteBounds(json, filter.Min, filter.Max);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteDuration(json, "stream_idle_timeout", stream.StreamIdleTimeout);
        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, SourceOptions source)
    {
        switch (source)
        {
            case KafkaSourceOptions kafka:
                WriteTexts(json, "bootstrap", kafka.Bootstrap.Split(',').Order(StringComparer.Ordinal));
                WriteTexts(json, "topics", kafka.Topics.Order(StringComparer.Ordinal));
                WriteProperties(json, kafka.Properties, SourceProperties);
                break;
            case FileSourceOptions files:
                WriteTexts(json, "paths", files.Paths.Order(StringComparer.Ordinal));
                break;
            default:
                // One that no job file names, such as the demo's.
                json.WriteString("source", source.GetType().Name);
                break;
        }
    }

    private static void WriteOutput(Utf8JsonWriter json, OutputOptions output)
    {
        json.WriteString("output", Choices.Sample.NameOf(output.Format));
        if (output.Features is { } features)
        {
            json.WriteStartArray("features");
            foreach (FeatureOptions feature in features)
            {
                json.WriteStringValue(feature.From);
                json.WriteStringValue(feature.Name);
            }
            json.WriteEndArray();
        }
        WriteTexts(json, "required", output.Required);
        json.WriteStartArray("ranges");
        foreach (RangeOptions range in output.Ranges)
        {
            json.WriteStartObject();
            json.WriteString("field", range.Field);
            WriteBounds(json, range.Min, range.Max);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteSink(Utf8JsonWriter json, SinkOptions sink)
    {
        switch (sink)
        {
            case KafkaSinkOptions kafka:
                WriteTexts(json, "sink_bootstrap", kafka.Bootstrap.Split(',').Order(StringComparer.Ordinal));
                json.WriteString("sink_topic", kafka.Topic);
                WriteProperties(json, kafka.Properties, SinkProperties);
                break;
            case FileSinkOptions files:
                json.WriteString("sink_dir", files.Dir);
                break;
            default:
                throw new InvalidOperationException($"a sink of type {sink.GetType().Name} has no settings to hash");
        }
    }

    private static void WriteProperties(Utf8JsonWriter json, IReadOnlyDictionary<string, string> properties, string[] names)
    {
        foreach (string name in names)
            if (properties.TryGetValue(name, out string? value)) json.WriteString(name, value);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteBounds(Utf8JsonWriter json, double? min, double? max)
    {
        if (min is { } least) json.WriteNumber("min", least);
        if (max is { } most) json.WriteNumber("max", most);
    }

    private static void WriteDuration(Utf8JsonWriter json, string name, TimeSpan duration) => json.WriteString(name, Durations.Format(duration));
}
