using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Checks;

/// <summary>Names, roles and keys of streams.</summary>
internal static class StreamChecks
{
    /// <summary>A filtered record names the filter that dropped it in one byte.</summary>
    private const int MostFilters = byte.MaxValue;

    /// <summary>Checks them.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        if (job.Streams.Count > 0) CheckRoles(job.Streams, context);
        for (int i = 0; i < job.Streams.Count; i++)
        {
            CheckName(job.Streams, i, context);
            if (job.Streams[i] is { Role: StreamRole.Exposure, Positive: true })
                context.Fail($"{JobChecks.Stream(i)}.positive", "only an action can be positive");
            CheckKey(job.Streams, i, context);
            int filters = job.Streams[i].Filters.Count;
            if (filters > MostFilters) context.Fail($"{JobChecks.Stream(i)}.filter", $"expected at most {MostFilters} filters, found {filters}");
        }
    }

    private static void CheckRoles(IReadOnlyList<StreamOptions> streams, ReadingContext context)
    {
        List<int> exposures = [.. Enumerable.Range(0, streams.Count).Where(i => streams[i].Role == StreamRole.Exposure)];
        bool allKnown = Enumerable.Range(0, streams.Count).All(i => context.IsSound($"{JobChecks.Stream(i)}.role"));
        if (exposures.Count == 0 && allKnown) context.Fail("streams", "exactly one stream has the role exposure, found none");
        foreach (int surplus in exposures.Skip(1))
            context.Fail($"{JobChecks.Stream(surplus)}.role", $"exactly one stream has the role exposure, and '{streams[exposures[0]].Name}' has it");
        int actions = streams.Count - exposures.Count;
        if (actions > WindowTables.MostActionStreams) context.Fail("streams", $"expected at most {WindowTables.MostActionStreams} action streams, found {actions}");
        if (allKnown && !streams.Any(stream => stream is { Role: StreamRole.Action, Positive: true }))
            context.Warn("streams", "no action is positive, so every label is 0");
    }

    private static void CheckName(IReadOnlyList<StreamOptions> streams, int index, ReadingContext context)
    {
        string name = streams[index].Name, path = $"{JobChecks.Stream(index)}.name";
        if (name.Length == 0) return;
        // It is part of flattened CSV names, of metric labels and of paths behind --set.
        if (!name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-'))
            context.Fail(path, $"expected letters, digits, '_' and '-', found '{name}'");
        if (streams.Take(index).Any(other => other.Name == name))
            context.Fail(path, $"a second stream is named '{name}'");
    }

    private static void CheckKey(IReadOnlyList<StreamOptions> streams, int index, ReadingContext context)
    {
        int own = streams[index].Key.Count, first = streams[0].Key.Count;
        // An empty key, and one that could not be read, has its own mistake already.
        if (own == first || own == 0 || first == 0 || !context.IsSound($"{JobChecks.Stream(index)}.key") || !context.IsSound($"{JobChecks.Stream(0)}.key")) return;
        context.Fail($"{JobChecks.Stream(index)}.key", $"keys match by position, so all streams have equally many: expected {first} as '{streams[0].Name}' has, found {own}");
    }
}
