using System.IO.Compression;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.FileSystemGlobbing;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>Reads a job's own sources from their start to the end they have now.</summary>
/// <remarks>Errors: a missing file, a start that cannot be found again, an unreachable broker throw.</remarks>
internal static class SourceReader
{
    /// <summary>Every record, each partition's in its order. Streams with an equal source share its partitions.</summary>
    public static IEnumerable<SourceRecord> ReadAll(JobOptions job)
    {
        int partitions = 0;
        // The job's reader gives streams with an equal source the same options.
        foreach (IGrouping<object?, int> source in Enumerable.Range(0, job.Streams.Count).GroupBy(i => job.Streams[i].Source, ReferenceEqualityComparer.Instance))
        {
            int[] streams = [.. source];
            var topicPartitions = new Dictionary<TopicPartition, int>();
            StreamOptions first = job.Streams[streams[0]];
            IEnumerable<SourceRecord> records = first.Source switch
            {
                FileSourceOptions files => Expand(files).SelectMany(path => ReadFile(path, partitions++, streams, first)),
                KafkaSourceOptions kafka => TopicReader.Read(kafka.Bootstrap, kafka.Topics, kafka.Start, kafka.Properties)
                    .Select(record => OfTopic(record, topicPartitions.TryGetValue(record.TopicPartition, out int known)
                        ? known : topicPartitions[record.TopicPartition] = partitions++, streams)),
                _ => throw new UnverifiableException($"stream {first.Name}: {first.Source.GetType().Name} is no source that can be read again"),
            };
            foreach (SourceRecord record in records) yield return record;
        }
    }

    /// <summary>The lines of a plain or .gz file, without their newlines; the last counts without one too.</summary>
    public static IEnumerable<byte[]> Lines(Stream file)
    {
        byte[] block = new byte[1 << 16];
        var line = new MemoryStream();
        for (int read; (read = file.Read(block)) > 0;)
        {
            for (int at = 0; at < read;)
            {
                int end = Array.IndexOf(block, (byte)'\n', at, read - at);
                line.Write(block, at, (end < 0 ? read : end) - at);
                at = end < 0 ? read : end + 1;
                if (end < 0) continue;
                yield return line.ToArray();
                line.SetLength(0);
            }
        }
        if (line.Length > 0) yield return line.ToArray();
    }

    private static IEnumerable<SourceRecord> ReadFile(string path, int partition, int[] streams, StreamOptions first)
    {
        using Stream raw = File.OpenRead(path);
        using Stream file = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        bool awaitsHeader = first.Format == RecordFormat.Csv && first.Csv.Header;
        bool isFirst = true;
        IReadOnlyList<string>? header = null;
        foreach (byte[] written in Lines(file))
        {
            byte[] line = isFirst && written.AsSpan().StartsWith("\uFEFF"u8) ? written[3..] : written;
            isFirst = false;
            if (!awaitsHeader)
            {
                yield return new SourceRecord(partition, streams, line, null, header);
                continue;
            }
            awaitsHeader = false;
            header = Payload.SplitRow(Encoding.UTF8.GetString(line).TrimEnd('\r'), first.Csv.Delimiter)
                ?? throw new InvalidDataException($"{path}: the header is no CSV row");
        }
    }

    private static SourceRecord OfTopic(ConsumeResult<byte[], byte[]> record, int partition, int[] streams) =>
        new(partition, streams, record.Message.Value,
            record.Message.Timestamp.Type == TimestampType.NotAvailable ? null : record.Message.Timestamp.UnixTimestampMs);

    /// <summary>The files of a source's paths and globs, each once.</summary>
    private static List<string> Expand(FileSourceOptions source)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string path in source.Paths)
        {
            string full = Path.GetFullPath(path);
            string root = full;
            while (root.Contains('*')) root = Path.GetDirectoryName(root)!;
            string[] files = root == full ? [full] : [.. new Matcher(StringComparison.Ordinal).AddInclude(Path.GetRelativePath(root, full)).GetResultsInFullPath(root)];
            if (!files.Any(File.Exists)) throw new UnverifiableException($"{path}: no such file");
            found.UnionWith(files);
        }
        return [.. found];
    }
}
