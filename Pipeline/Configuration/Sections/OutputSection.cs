using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>output</c>.</summary>
internal static class OutputSection
{
    private const string All = "all";

    /// <summary>Reads the shape of samples and where they go.</summary>
    public static (OutputOptions Options, SinkOptions Sink) Read(SectionReader job)
    {
        var defaults = new OutputOptions();
        SectionReader output = job.Section("output");
        SampleFormat format = output.Choice("format", Choices.Sample, defaults.Format);
        IReadOnlyList<FeatureOptions>? features = ReadFeatures(output);
        (IReadOnlyList<string> required, IReadOnlyList<RangeOptions> ranges) = ReadValidation(output);
        SinkOptions sink = (output.Require("sink") ? SinkSection.Read(output, "sink") : null) ?? new UnreadSink();
        output.Close();
        return (new OutputOptions { Format = format, Features = features, Required = required, Ranges = ranges }, sink);
    }

    private static List<FeatureOptions>? ReadFeatures(SectionReader output)
    {
        if (!output.Has("features") || output.IsSingle("features"))
        {
            string? word = output.Text("features", All);
            if (word is not null and not All)
                output.Fail("features", $"expected all or a list such as [ {{ from: scene }} ], found '{word}'", Suggestion.Closest(word, [All]));
            return null;
        }
        List<SectionReader> readers = output.Sections("features");
        var features = new List<FeatureOptions>();
        foreach (SectionReader reader in readers)
        {
            var feature = new FeatureOptions { From = reader.RequiredText("from"), As = reader.Text("as") };
            reader.Close();
            if (feature.Name.Length > 0 && features.Exists(other => other.Name == feature.Name))
                reader.FailSection($"a second feature is named '{feature.Name}'");
            features.Add(feature);
        }
        return features;
    }

    private static (IReadOnlyList<string> Required, IReadOnlyList<RangeOptions> Ranges) ReadValidation(SectionReader output)
    {
        if (output.OptionalSection("validate") is not { } validate) return ([], []);
        IReadOnlyList<string> required = validate.Has("required") ? validate.RequiredTexts("required") : [];
        List<RangeOptions> ranges = [.. validate.Sections("ranges").Select(ReadRange)];
        validate.Close();
        return (required, ranges);
    }

    private static RangeOptions ReadRange(SectionReader range)
    {
        var options = new RangeOptions { Field = range.RequiredText("field"), Min = range.Number("min"), Max = range.Number("max") };
        if (!range.Has("min") && !range.Has("max")) range.FailSection("expected min, max or both");
        range.CheckRange(options.Min, options.Max);
        range.Close();
        return options;
    }
}
