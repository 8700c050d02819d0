using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>One sample as a reader of committed output finds it.</summary>
/// <param name="Id">Its sample id; empty where none can be read.</param>
/// <param name="Key">The record key; null where samples have none (files).</param>
/// <param name="Value">Its bytes, without a newline.</param>
internal readonly record struct FoundSample(string Id, byte[]? Key, byte[] Value);

/// <summary>Reads the samples a run wrote.</summary>
internal static class FoundSamples
{
    private const string Committed = "_committed.json";

    /// <summary>The samples of a file, of a directory's committed files, or of the job's output topic (<c>kafka</c>).</summary>
    /// <param name="job">The job.</param>
    /// <param name="place">Where the samples are.</param>
    /// <param name="header">The header that a file begins with; any other first line is taken for a sample. Null: none.</param>
    public static IEnumerable<FoundSample> Read(JobOptions job, string place, string? header)
    {
        if (place == "kafka") return ReadTopic(job);
        if (File.Exists(place)) return ReadFile(job, place, long.MaxValue, header);
        if (!Directory.Exists(place)) throw new UnverifiableException($"{place}: expected a file or directory of samples, or kafka; found nothing");
        return CommittedFiles(place).SelectMany(file => ReadFile(job, Path.Combine(place, file.Name), file.Length, header));
    }

    /// <summary>The end of a sample's window, ms; null where none can be read.</summary>
    public static long? WindowEnd(JobOptions job, FoundSample sample)
    {
        if (job.Output.Format == SampleFormat.Csv)
        {
            // sample_id, the key's fields, window_start, window_end.
            int column = job.Streams.Single(static stream => stream.Role == StreamRole.Exposure).Key.Count + 2;
            List<string>? values = Payload.SplitRow(Encoding.UTF8.GetString(sample.Value), ',');
            return values?.Count > column && long.TryParse(values[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long end) ? end : null;
        }
        try
        {
            return JsonElement.Parse(sample.Value).GetProperty("window_end").GetInt64();
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static IEnumerable<FoundSample> ReadTopic(JobOptions job)
    {
        if (job.Sink is not KafkaSinkOptions sink) throw new UnverifiableException("--samples kafka: the job's output.sink is not kafka");
        // Whatever the properties say: what is not committed is no sample.
        var committed = new Dictionary<string, string>(sink.Properties) { ["isolation.level"] = "read_committed" };
        return TopicReader.ReadAll(sink.Bootstrap, [sink.Topic], new StartOptions { At = StartAt.Earliest }, committed)
            .Select(record => new FoundSample(IdOf(job, record.Message.Value), record.Message.Key, record.Message.Value ?? []));
    }

    /// <summary>Names and lengths by <c>_committed.json</c>; without it, every file of samples as it is.</summary>
    private static IEnumerable<(string Name, long Length)> CommittedFiles(string directory)
    {
        string committed = Path.Combine(directory, Committed);
        if (!File.Exists(committed)) return Directory.EnumerateFiles(directory, "samples-*").Select(path => (Path.GetFileName(path), long.MaxValue));
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(committed));
        return [.. manifest.RootElement.GetProperty("files").EnumerateObject().Select(file => (file.Name, file.Value.GetInt64()))];
    }

    private static IEnumerable<FoundSample> ReadFile(JobOptions job, string path, long committed, string? header)
    {
        long length = new FileInfo(path).Length;
        if (committed != long.MaxValue && length < committed) throw new InvalidDataException($"{path}: {Committed} says {committed} bytes, found {length}");
        using Stream file = File.OpenRead(path);
        long position = 0;
        byte[]? awaited = header is null ? null : Encoding.UTF8.GetBytes(header);
        byte[] open = [];
        foreach (byte[] next in SourceReader.Lines(file))
        {
            if (position >= committed) yield break;
            position += next.Length + 1;
            byte[] line = open.Length == 0 ? next : [.. open, .. next];
            // Inside quotes a CSV row goes on in the next line.
            open = job.Output.Format == SampleFormat.Csv && int.IsOddInteger(line.AsSpan().Count((byte)'"')) ? [.. line, (byte)'\n'] : [];
            if (open.Length > 0) continue;
            if (awaited is null || !line.AsSpan().SequenceEqual(awaited)) yield return new FoundSample(IdOf(job, line), null, line);
            awaited = null;
        }
    }

    private static string IdOf(JobOptions job, byte[]? value)
    {
        if (value is null) return "";
        if (job.Output.Format == SampleFormat.Csv) return Encoding.UTF8.GetString(value).Split(',')[0];
        try
        {
            return JsonElement.Parse(value).GetProperty("sample_id").GetString() ?? "";
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return "";
        }
    }
}
