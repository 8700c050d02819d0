using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>Chooses the formatter of a job.</summary>
public static class SampleFormatters
{
    /// <summary>A formatter for one worker.</summary>
    public static ISampleFormatter Make(SampleShape shape, PartitionDirectory directory) => shape.Output.Format switch
    {
        SampleFormat.Json => new JsonSampleFormatter(shape, directory),
        SampleFormat.Csv => new CsvSampleFormatter(shape, directory),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape.Output.Format, "No such output format."),
    };
}
