using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>streams</c>.</summary>
/// <param name="streamIdleTimeout">The job's <c>stream_idle_timeout</c>, which a stream may replace.</param>
internal sealed class StreamsSection(TimeSpan streamIdleTimeout)
{
    private static readonly CsvOptions CsvDefaults = new();

    private readonly List<SourceOptions> _sources = [];

    /// <summary>Reads all streams. Equal sources are one object, by which everybody after this tells that they are equal.</summary>
    public IReadOnlyList<StreamOptions> Read(SectionReader job)
    {
        if (!job.Require("streams")) return [];
        return [.. job.Sections("streams").Select(ReadStream)];
    }

    private StreamOptions ReadStream(SectionReader stream)
    {
        string name = stream.RequiredText("name");
        StreamRole role = stream.RequiredChoice("role", Choices.Role, StreamRole.Action);
        bool positive = stream.Flag("positive", role == StreamRole.Action);
        SourceOptions source = Shared(SourceSection.Read(stream));
        RecordFormat format = stream.RequiredChoice("format", Choices.Record, RecordFormat.Json);
        var options = new StreamOptions
        {
            Name = name,
            Role = role,
            Positive = positive,
            Source = source,
            Format = format,
            Csv = ReadCsv(stream, format),
            Key = stream.RequiredTexts("key"),
            Time = ReadTime(stream),
            EventId = stream.Text("event_id"),
            Filters = [.. stream.Sections("filter").Select(ReadFilter)],
            StreamIdleTimeout = stream.Duration(
                "stream_idle_timeout", streamIdleTimeout, TimeSpan.Zero, TimeSection.Longest, mayBeNever: true, fallbackKey: "stream_idle_timeout"),
        };
        stream.Close();
        return options;
    }

    private SourceOptions Shared(SourceOptions source)
    {
        if (_sources.Find(known => SourceEquality.AreEqual(known, source)) is { } equal) return equal;
        _sources.Add(source);
        return source;
    }

    private static CsvOptions ReadCsv(SectionReader stream, RecordFormat format)
    {
        SectionReader? csv = format == RecordFormat.Csv ? stream.Section("csv") : stream.OptionalSection("csv");
        if (csv is null) return CsvDefaults;
        IReadOnlyList<string> columns = csv.Has("columns") ? csv.RequiredTexts("columns") : [];
        string delimiter = csv.Text("delimiter", $"{CsvDefaults.Delimiter}") ?? "";
        if (delimiter is not [var mark] || !char.IsAscii(mark) || mark is '"' or '\r' or '\n')
            csv.Fail("delimiter", $"expected one ASCII character that is no quote and no line end, found '{delimiter}'");
        var options = new CsvOptions
        {
            Columns = columns,
            Delimiter = delimiter.Length == 1 ? delimiter[0] : CsvDefaults.Delimiter,
            Header = csv.Flag("header", CsvDefaults.Header),
        };
        csv.Close();
        return options;
    }

    private static EventTimeOptions ReadTime(SectionReader stream)
    {
        const string Record = "record";
        var defaults = new EventTimeOptions();
        if (!stream.Require("time")) return defaults;
        if (stream.IsSingle("time"))
        {
            string? word = stream.Text("time");
            if (word is not null and not Record)
                stream.Fail("time", $"expected record or a section such as {{ field: ts, unit: ms }}, found '{word}'", Suggestion.Closest(word, [Record]));
            return defaults;
        }
        if (stream.OptionalSection("time") is not { } time) return defaults;
        var options = new EventTimeOptions
        {
            Field = time.RequiredText("field"),
            Unit = time.Choice("unit", Choices.Unit, defaults.Unit),
        };
        time.Close();
        return options;
    }

    private static FilterOptions ReadFilter(SectionReader filter)
    {
        var options = new FilterOptions
        {
            Field = filter.RequiredText("field"),
            In = filter.Has("in") ? filter.RequiredTexts("in") : null,
            Min = filter.Number("min"),
            Max = filter.Number("max"),
        };
        if (!filter.Has("in") && !filter.Has("min") && !filter.Has("max")) filter.FailSection("expected at least one of in, min and max");
        filter.CheckRange(options.Min, options.Max);
        filter.Close();
        return options;
    }
}
