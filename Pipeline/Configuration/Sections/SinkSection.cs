using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration.Sections;

/// <summary>Stands for a sink that has a mistake, so that reading goes on; no job with one is ever returned.</summary>
internal sealed record UnreadSink : SinkOptions;

/// <summary>Reads <c>output.sink</c> and <c>dead_letter</c>.</summary>
internal static class SinkSection
{
    /// <summary>Reads the sink below a key; null when it is left out.</summary>
    public static SinkOptions? Read(SectionReader parent, string key)
    {
        if (!parent.Has(key)) return null;
        if (parent.OptionalSection(key) is not { } sink) return new UnreadSink();
        SinkOptions options = sink.Alternative("kafka", "files") switch
        {
            ("kafka", { } kafka) => ReadKafka(kafka),
            ("files", { } files) => ReadFiles(files),
            _ => new UnreadSink(),
        };
        sink.Close();
        return options;
    }

    private static KafkaSinkOptions ReadKafka(SectionReader kafka)
    {
        string bootstrap = KafkaNames.ReadBootstrap(kafka);
        string topic = kafka.RequiredText("topic");
        KafkaNames.CheckTopic(kafka, "topic", topic);
        var options = new KafkaSinkOptions { Bootstrap = bootstrap, Topic = topic, Properties = kafka.Properties("properties") };
        kafka.Close();
        return options;
    }

    private static FileSinkOptions ReadFiles(SectionReader files)
    {
        var options = new FileSinkOptions { Dir = files.RequiredPath("dir") };
        files.Close();
        return options;
    }
}
