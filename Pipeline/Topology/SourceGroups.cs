using Pipeline.Blocks.Records;

namespace Pipeline.Topology;

/// <summary>Streams with an equal source read its partitions once, together.</summary>
public static class SourceGroups
{
    /// <summary>Each distinct source with the indices of the streams that read it, in the order of the job.</summary>
    public static IReadOnlyList<(SourceOptions Source, int[] Streams)> Of(IReadOnlyList<StreamOptions> streams) =>
        [.. Enumerable.Range(0, streams.Count)
            .GroupBy(stream => KeyOf(streams[stream].Source))
            .Select(group => (streams[group.First()].Source, group.ToArray()))];

    private static string KeyOf(SourceOptions source) => source switch
    {
        KafkaSourceOptions kafka => string.Join('\0', ["kafka", kafka.Bootstrap, kafka.Start.ToString(), .. kafka.Topics, .. Pairs(kafka.Properties)]),
        FileSourceOptions files => string.Join('\0', ["files", .. files.Paths]),
        _ => source.ToString(),
    };

    private static IEnumerable<string> Pairs(IReadOnlyDictionary<string, string> properties) =>
        properties.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}");
}
