using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>The complete text of a sample, as the contract says it.</summary>
internal static class SampleText
{
    /// <summary>The window's sample; null when it is invalid. The window has an exposure.</summary>
    /// <param name="job">The job.</param>
    /// <param name="window">The window.</param>
    /// <param name="columns">CSV exposures: the columns of all samples; null: those the job names.</param>
    public static ReferenceSample? Write(JobOptions job, ReferenceWindow window, IReadOnlyList<string>? columns)
    {
        ReferenceEvent exposure = window.FirstExposure!;
        Payload payload = Payload.Parse(exposure.Bytes, job.Streams[exposure.Stream], exposure.Header)!;
        if (!IsValid(job.Output, payload)) return null;
        string id = SampleId(exposure.KeyBytes, window.Start);
        int label = Enumerable.Range(0, job.Streams.Count).Any(i => IsAction(job, i) && job.Streams[i].Positive && window.Counts[i] > 0) ? 1 : 0;
        string value = job.Output.Format == SampleFormat.Json ? Json(job, window, payload, id, label) : Csv(job, window, payload, id, label, columns);
        return new ReferenceSample(id, Encoding.UTF8.GetBytes(string.Join('|', exposure.Key)), Encoding.UTF8.GetBytes(value), label);
    }

    /// <summary>The first line of CSV output.</summary>
    public static string CsvHeader(JobOptions job, IReadOnlyList<string>? header) => string.Join(',', ((IEnumerable<string>)
    [
        "sample_id",
        .. ExposureOf(job).Key.Select(path => "key." + path),
        "window_start", "window_end", "revision", "exposures", "label",
        .. Actions(job).SelectMany(i => (string[])[".label", ".count", ".first_delay_ms"], (i, part) => "labels." + job.Streams[i].Name + part),
        "weight", "sampling_rate",
        .. FeaturesOf(job, header).Select(feature => "features." + feature.Name),
    ]).Select(CsvValue));

    /// <summary>A JSON string: what must be escaped is, everything else stands as UTF-8.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }
        return quoted.Append('"').ToString();
    }

    private static string Json(JobOptions job, ReferenceWindow window, Payload payload, string id, int label)
    {
        string[] texts = window.FirstExposure!.Key;
        IEnumerable<string> key = ExposureOf(job).Key.Select((path, i) => $"{Quote(path)}:{Quote(texts[i])}");
        IEnumerable<string> labels = Actions(job).Select(i => Quote(job.Streams[i].Name) + (window.Counts[i] > 0
            ? $":{{\"label\":1,\"count\":{window.Counts[i]},\"first_delay_ms\":{window.FirstDelays[i]}}}"
            : ":{\"label\":0,\"count\":0}"));
        string features = job.Output.Features is null
            ? payload.Json
            : "{" + string.Join(',', job.Output.Features.Where(f => payload[f.From] is not null).Select(f => $"{Quote(f.Name)}:{payload[f.From]!.Json}")) + "}";
        // A line feed between the tokens of a payload would end the line of a file; a space means the same.
        if (job.Sink is FileSinkOptions) features = features.Replace('\n', ' ');
        return $"{{\"sample_id\":\"{id}\",\"key\":{{{string.Join(',', key)}}},\"window_start\":{window.Start},\"window_end\":{window.End},"
            + $"\"revision\":0,\"exposures\":{window.Counts[window.FirstExposure.Stream]},\"label\":{label},\"labels\":{{{string.Join(',', labels)}}},"
            + $"\"weight\":1,\"sampling_rate\":1,\"features\":{features}}}";
    }

    private static string Csv(
        JobOptions job, ReferenceWindow window, Payload payload, string id, int label, IReadOnlyList<string>? columns) => string.Join(',', ((IEnumerable<string>)
    [
        id,
        .. window.FirstExposure!.Key,
        $"{window.Start}", $"{window.End}", "0", $"{window.Counts[window.FirstExposure.Stream]}", $"{label}",
        .. Actions(job).SelectMany(i => window.Counts[i] > 0
            ? (string[])["1", $"{window.Counts[i]}", $"{window.FirstDelays[i]}"]
            : ["0", "0", ""]),
        "1", "1",
        .. FeaturesOf(job, columns).Select(feature => payload[feature.From] is { } field ? field.Text ?? field.Json : ""),
    ]).Select(CsvValue));

    private static string CsvValue(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;

    private static bool IsValid(OutputOptions output, Payload payload) =>
        output.Required.All(path => payload[path] is { Json: not "null" })
        && output.Ranges.All(range => payload[range.Field] is not { } field
            || (field.Number is { } number && !(number < range.Min) && !(number > range.Max)));

    /// <summary>XXH128 (seed 0, canonical) over the encoded key and the window start as i64 little-endian, in hex.</summary>
    private static string SampleId(string keyBytes, long start)
    {
        byte[] bytes = new byte[keyBytes.Length + sizeof(long)];
        Encoding.Latin1.GetBytes(keyBytes, bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(keyBytes.Length), start);
        return Convert.ToHexStringLower(XxHash128.Hash(bytes));
    }

    private static IEnumerable<FeatureOptions> FeaturesOf(JobOptions job, IReadOnlyList<string>? header) =>
        job.Output.Features ?? Payload.ColumnsOf(ExposureOf(job), header).Select(column => new FeatureOptions { From = column });

    private static StreamOptions ExposureOf(JobOptions job) => job.Streams.Single(stream => stream.Role == StreamRole.Exposure);

    private static IEnumerable<int> Actions(JobOptions job) => Enumerable.Range(0, job.Streams.Count).Where(i => IsAction(job, i));

    private static bool IsAction(JobOptions job, int stream) => job.Streams[stream].Role == StreamRole.Action;
}
