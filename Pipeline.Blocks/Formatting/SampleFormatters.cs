using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>Chooses the formatter of a job.</summary>
public static class SampleFormatters
{
    /// <summary>A formatter for one worker.</summary>
    /// <param name="shape">Of the samples.</param>
    /// <param name="directory">All source partitions.</param>
    /// <param name="committed">By key group: the last sample that is already committed; null: none is.</param>
    public static ISampleFormatter Make(SampleShape shape, PartitionDirectory directory, IReadOnlyList<EmissionPoint>? committed = null) => shape.Output.Format switch
    {
        SampleFormat.Json => new JsonSampleFormatter(shape, directory, committed),
        SampleFormat.Csv => new CsvSampleFormatter(shape, directory, committed),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape.Output.Format, "No such output format."),
    };
}
