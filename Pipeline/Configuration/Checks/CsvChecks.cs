using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Checks;

/// <summary>CSV on either side: where columns come from, and whether the fields of the job are among them.</summary>
internal static class CsvChecks
{
    /// <summary>Checks it.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        for (int i = 0; i < job.Streams.Count; i++)
        {
            string path = JobChecks.Stream(i);
            if (!context.IsSound($"{path}.format")) continue;
            if (job.Streams[i].Format == RecordFormat.Csv) CheckStream(job.Streams[i], path, context);
            else if (context.IsPlaced($"{path}.csv")) context.Fail($"{path}.csv", "is only for format: csv");
        }
        CheckOutput(job, context);
    }

    private static void CheckStream(StreamOptions stream, string path, ReadingContext context)
    {
        IReadOnlyList<string> columns = stream.Csv.Columns;
        if (columns.Count == 0)
        {
            if (!context.IsSound($"{path}.csv")) return;
            if (stream.Source is KafkaSourceOptions) context.Fail($"{path}.csv.columns", "is required: records of a topic have no header");
            else if (!stream.Csv.Header) context.Fail($"{path}.csv.columns", "is required without a header");
            return;
        }
        for (int i = 0; i < stream.Key.Count; i++) CheckColumn(stream.Key[i], $"{path}.key[{i}]", columns, context);
        CheckColumn(stream.Time.Field, $"{path}.time.field", columns, context);
        CheckColumn(stream.EventId, $"{path}.event_id", columns, context);
        for (int i = 0; i < stream.Filters.Count; i++) CheckColumn(stream.Filters[i].Field, $"{path}.filter[{i}].field", columns, context);
    }

    private static void CheckOutput(JobOptions job, ReadingContext context)
    {
        int index = job.Streams.ToList().FindIndex(stream => stream.Role == StreamRole.Exposure);
        if (index < 0 || !context.IsSound($"{JobChecks.Stream(index)}.format")) return;
        StreamOptions exposure = job.Streams[index];
        if (job.Output is { Format: SampleFormat.Csv, Features: null } && exposure.Format != RecordFormat.Csv && context.IsSound("output.features"))
            context.Fail("output.features", $"all needs CSV exposures when the output is CSV; name the features, as '{exposure.Name}' is JSON");
        if (exposure.Format != RecordFormat.Csv || exposure.Csv.Columns.Count == 0) return;

        IReadOnlyList<string> columns = exposure.Csv.Columns;
        for (int i = 0; i < job.Output.Features?.Count; i++) CheckColumn(job.Output.Features[i].From, $"output.features[{i}].from", columns, context);
        for (int i = 0; i < job.Output.Required.Count; i++) CheckColumn(job.Output.Required[i], $"output.validate.required[{i}]", columns, context);
        for (int i = 0; i < job.Output.Ranges.Count; i++) CheckColumn(job.Output.Ranges[i].Field, $"output.validate.ranges[{i}].field", columns, context);
    }

    private static void CheckColumn(string? field, string path, IReadOnlyList<string> columns, ReadingContext context)
    {
        if (field is null or "" || columns.Contains(field)) return;
        context.Fail(path, $"no column '{field}'", Suggestion.Closest(field, columns));
    }
}
