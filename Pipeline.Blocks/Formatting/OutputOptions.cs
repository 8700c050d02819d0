namespace Pipeline.Blocks.Formatting;

/// <summary>How samples are written.</summary>
public enum SampleFormat
{
    /// <summary>One JSON object a sample.</summary>
    Json,

    /// <summary>RFC 4180 rows under a header.</summary>
    Csv,
}

/// <summary>Shape of samples and what makes one valid.</summary>
public sealed record OutputOptions
{
    /// <summary>How samples are written.</summary>
    public SampleFormat Format { get; init; } = SampleFormat.Json;

    /// <summary>Selected features in order; null: the whole payload as it was written.</summary>
    public IReadOnlyList<FeatureOptions>? Features { get; init; }

    /// <summary>Payload fields a valid sample has (present and not null).</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Ranges that payload fields keep, where present.</summary>
    public IReadOnlyList<RangeOptions> Ranges { get; init; } = [];
}

/// <summary>One selected feature.</summary>
public sealed record FeatureOptions
{
    /// <summary>Path in the exposure's payload.</summary>
    public required string From { get; init; }

    /// <summary>Name in the sample; the path unless given.</summary>
    public string? As { get; init; }

    /// <summary>Name in the sample.</summary>
    public string Name => As ?? From;
}

/// <summary>A range a payload field keeps. A value that is no number, or outside, makes the sample invalid; a missing field does not.</summary>
public sealed record RangeOptions
{
    /// <summary>Path in the exposure's payload.</summary>
    public required string Field { get; init; }

    /// <summary>Least value, inclusive.</summary>
    public double? Min { get; init; }

    /// <summary>Greatest value, inclusive.</summary>
    public double? Max { get; init; }
}
