using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Checks;

/// <summary>Streams that share a source, or seem to.</summary>
internal static class SourceChecks
{
    /// <summary>Checks every pair once, at the later stream.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        for (int later = 1; later < job.Streams.Count; later++)
            for (int earlier = 0; earlier < later; earlier++)
                CheckPair(job.Streams, earlier, later, context);
    }

    private static void CheckPair(IReadOnlyList<StreamOptions> streams, int earlier, int later, ReadingContext context)
    {
        StreamOptions first = streams[earlier], second = streams[later];
        string path = JobChecks.Stream(later);
        if (ReferenceEquals(first.Source, second.Source))
        {
            if (first.Format == RecordFormat.Csv && second.Format == RecordFormat.Csv && !SameColumns(first.Csv, second.Csv))
                context.Fail($"{path}.csv", $"reads the same source as '{first.Name}' and needs the same header and columns");
            else if (first.Format != second.Format && context.IsSound($"{path}.format") && context.IsSound($"{JobChecks.Stream(earlier)}.format"))
                context.Fail($"{path}.format", $"reads the same source as '{first.Name}' and needs the same format");
        }
        // A partition is known by its topic or path alone; two sources with one name would mix their positions.
        else if (Names(first.Source).Intersect(Names(second.Source)).FirstOrDefault() is { } shared)
            context.Fail($"{path}.source", $"reads {shared} as '{first.Name}' does, but the sources differ; make them equal in every key");
    }

    private static bool SameColumns(CsvOptions left, CsvOptions right) =>
        left.Header == right.Header && left.Columns.SequenceEqual(right.Columns) && left.Delimiter == right.Delimiter;

    private static IEnumerable<string> Names(SourceOptions source) => source switch
    {
        KafkaSourceOptions kafka => kafka.Topics.Where(topic => topic.Length > 0).Select(topic => $"topic {topic}"),
        FileSourceOptions files => files.Paths.Where(file => file.Length > 0),
        _ => [],
    };
}
