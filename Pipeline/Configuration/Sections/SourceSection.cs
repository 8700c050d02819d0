using System.Globalization;
using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Sections;

/// <summary>Stands for a source that has a mistake, so that reading goes on; no job with one is ever returned.</summary>
internal sealed record UnreadSource : SourceOptions;

/// <summary>Reads a stream's <c>source</c>.</summary>
internal static class SourceSection
{
    private static readonly string[] Instants =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    /// <summary>Reads it.</summary>
    public static SourceOptions Read(SectionReader stream)
    {
        if (!stream.Require("source") || stream.OptionalSection("source") is not { } source) return new UnreadSource();
        SourceOptions options = source.Alternative("kafka", "files") switch
        {
            ("kafka", { } kafka) => ReadKafka(kafka),
            ("files", { } files) => ReadFiles(files),
            _ => new UnreadSource(),
        };
        source.Close();
        return options;
    }

    private static KafkaSourceOptions ReadKafka(SectionReader kafka)
    {
        string bootstrap = KafkaNames.ReadBootstrap(kafka);
        IReadOnlyList<string> topics = kafka.RequiredTexts("topics");
        foreach (string topic in topics) KafkaNames.CheckTopic(kafka, "topics", topic);
        var options = new KafkaSourceOptions
        {
            Bootstrap = bootstrap,
            Topics = topics,
            Start = ReadStart(kafka),
            Properties = kafka.Properties("properties"),
        };
        kafka.Close();
        return options;
    }

    private static FileSourceOptions ReadFiles(SectionReader files)
    {
        var options = new FileSourceOptions { Paths = files.RequiredTexts("paths", arePaths: true) };
        files.Close();
        return options;
    }

    private static StartOptions ReadStart(SectionReader kafka)
    {
        var defaults = new StartOptions();
        if (!kafka.Has("start") || kafka.IsSingle("start"))
            return new StartOptions { At = kafka.Choice("start", Choices.Start, defaults.At) };
        if (kafka.OptionalSection("start") is not { } start) return defaults;

        string text = start.RequiredText("time");
        start.Close();
        if (DateTimeOffset.TryParseExact(text, Instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return new StartOptions { At = StartAt.Time, Time = time };
        if (text.Length > 0) start.Fail("time", $"expected an instant such as 2026-11-24T10:00:00Z, found '{text}'");
        return defaults;
    }
}
