using System.Text;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>What every sample of a job has in common: names, which actions are positive, wanted payload fields; worked out once.</summary>
/// <remarks>Threading: immutable.</remarks>
public sealed class SampleShape
{
    /// <summary>Works the shape out.</summary>
    /// <param name="streams">All streams of the job, in its order.</param>
    /// <param name="windowMs">W, ms.</param>
    /// <param name="output">Features and validation.</param>
    /// <param name="columns">Columns of the CSV exposures, for CSV output with <c>features: all</c>; those the job names unless given.</param>
    /// <param name="lines">Whether samples are lines of a file: line feeds between a JSON payload's tokens become spaces, and no record has a key of its own.</param>
    public SampleShape(
        IReadOnlyList<StreamOptions> streams, long windowMs, OutputOptions output, IReadOnlyList<string>? columns = null, bool lines = false)
    {
        Exposure = streams.Single(stream => stream.Role == StreamRole.Exposure);
        ExposureStream = streams.ToList().IndexOf(Exposure);
        Actions = [.. streams.Where(stream => stream.Role == StreamRole.Action)];
        IsPositive = [.. Actions.Select(stream => stream.Positive)];
        WindowMs = windowMs;
        Output = output;
        Lines = lines;
        Fields = new FieldTable();
        Required = [.. output.Required.Select(Fields.Add)];
        Ranges = [.. output.Ranges.Select(range => Fields.Add(range.Field))];
        HasAllColumns = output is { Format: SampleFormat.Csv, Features: null };
        if (HasAllColumns && Exposure.Format != RecordFormat.Csv)
            throw new ArgumentException($"CSV output with features: all needs CSV exposures, '{Exposure.Name}' is {Exposure.Format}.", nameof(output));
        Selected = HasAllColumns
            ? [.. (columns ?? Exposure.Csv.Columns).Select(column => new FeatureOptions { From = column })]
            : output.Features;
        Features = Selected is null ? null : [.. Selected.Select(feature => Fields.Add(feature.From))];
    }

    /// <summary>The exposure stream.</summary>
    public StreamOptions Exposure { get; }

    /// <summary>Its index in the job.</summary>
    public int ExposureStream { get; }

    /// <summary>The action streams, in the order of the job.</summary>
    public IReadOnlyList<StreamOptions> Actions { get; }

    /// <summary>Which action streams make a sample positive.</summary>
    public bool[] IsPositive { get; }

    /// <summary>W, ms.</summary>
    public long WindowMs { get; }

    /// <summary>Features and validation.</summary>
    public OutputOptions Output { get; }

    /// <summary>Whether samples are lines of a file.</summary>
    public bool Lines { get; }

    /// <summary>Whether the features are the columns of the CSV exposures, each under its name.</summary>
    public bool HasAllColumns { get; }

    /// <summary>The selected features, for CSV output also those that <c>all</c> stands for; null: the whole payload.</summary>
    public IReadOnlyList<FeatureOptions>? Selected { get; }

    /// <summary>Every payload field that validation or features want.</summary>
    public FieldTable Fields { get; }

    /// <summary>Places of the required fields in <see cref="Fields"/>.</summary>
    public int[] Required { get; }

    /// <summary>Places of the ranged fields.</summary>
    public int[] Ranges { get; }

    /// <summary>Places of <see cref="Selected"/>; null: the whole payload.</summary>
    public int[]? Features { get; }

    /// <summary>Number of validation rules: the required fields, then the ranges.</summary>
    public int Rules => Required.Length + Ranges.Length;

    /// <summary>1 when a positive action stream has an action.</summary>
    public int LabelOf(ReadOnlySpan<ActionCell> cells)
    {
        for (int action = 0; action < cells.Length; action++)
            if (cells[action].Count > 0 && IsPositive[action]) return 1;
        return 0;
    }

    /// <summary>A text as a JSON string, escaped only where JSON demands it.</summary>
    public static byte[] Quoted(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        byte[] quoted = new byte[JsonText.MostBytes(utf8.Length)];
        return quoted[..JsonText.Write(quoted, utf8)];
    }
}
