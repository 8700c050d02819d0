using System.IO.Compression;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.FileSystemGlobbing;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>Reads a job's own sources: from their start to the end they have now, or what a job has read of them.</summary>
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
                FileSourceOptions files => Expand(files).SelectMany(path => ReadFile(path, partitions++, streams, first)).Select(static line => line.Record),
                KafkaSourceOptions kafka => TopicReader.ReadAll(kafka.Bootstrap, kafka.Topics, kafka.Start, kafka.Properties)
                    .Select(record => OfTopic(record, topicPartitions.TryGetValue(record.TopicPartition, out int known)
                        ? known : topicPartitions[record.TopicPartition] = partitions++, streams)),
                _ => throw new UnverifiableException($"stream {first.Name}: {first.Source.GetType().Name} is no source that can be read again"),
            };
            foreach (SourceRecord record in records) yield return record;
        }
    }

    /// <summary>The records that a job has read, with the floors that held for them, each partition's in its order. Partitions are numbered as in the cut.</summary>
    /// <exception cref="UnverifiableException">A partition is gone, or has less than was read of it.</exception>
    public static IEnumerable<SourceRecord> ReadSpans(JobOptions job, SourceCut cut)
    {
        (PartitionSpan Span, int Number)[] spans = [.. cut.Partitions.Select(static (span, number) => (span, number))];
        foreach ((PartitionSpan span, int number) in spans)
        {
            StreamOptions first = job.Streams[span.Streams[0]];
            if (first.Source is not FileSourceOptions || span.End <= span.Start) continue;
            if (!File.Exists(span.Source)) throw new UnverifiableException($"{span.Source}: expected the file that was read up to position {span.End}, found none");
            foreach ((long position, SourceRecord record) in ReadFile(span.Source, number, span.Streams, first, span.End))
                if (position >= span.Start) yield return record with { Floor = span.FloorAt(position) };
        }
        foreach (IGrouping<KafkaSourceOptions?, (PartitionSpan Span, int Number)> source in spans.GroupBy(span => job.Streams[span.Span.Streams[0]].Source as KafkaSourceOptions))
        {
            if (source.Key is not { } kafka) continue;
            var known = source.ToDictionary(static one => new TopicPartition(one.Span.Source, one.Span.Number));
            foreach (ConsumeResult<byte[], byte[]> record in TopicReader.ReadSpans(kafka.Bootstrap, [.. source.Select(static one => one.Span)], kafka.Properties))
            {
                (PartitionSpan span, int number) = known[record.TopicPartition];
                yield return OfTopic(record, number, span.Streams) with { Floor = span.FloorAt(record.Offset.Value) };
            }
        }
    }

    /// <summary>The lines of a plain or .gz file, without their newlines; the last counts without one too.</summary>
    public static IEnumerable<byte[]> Lines(Stream file, long most = long.MaxValue)
    {
        byte[] block = new byte[1 << 16];
        var line = new MemoryStream();
        for (int read; (read = file.Read(block, 0, (int)Math.Min(block.Length, most))) > 0; most -= read)
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

    /// <summary>Records with the positions of their lines, up to a position: of decompressed bytes, as a job counts them.</summary>
    private static IEnumerable<(long Position, SourceRecord Record)> ReadFile(string path, int partition, int[] streams, StreamOptions first, long end = long.MaxValue)
    {
        using Stream raw = File.OpenRead(path);
        using Stream file = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        bool awaitsHeader = first.Format == RecordFormat.Csv && first.Csv.Header;
        IReadOnlyList<string>? header = null;
        long next = 0;
        foreach (byte[] written in Lines(file, end))
        {
            int mark = next == 0 && written.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
            long position = next + mark;
            byte[] line = written[mark..];
            next += written.Length + 1;
            // The mark alone was read, of a line that is not.
            if (position == end) break;
            if (!awaitsHeader)
            {
                yield return (position, new SourceRecord(partition, streams, line, null, header));
                continue;
            }
            awaitsHeader = false;
            header = Payload.SplitRow(Encoding.UTF8.GetString(line).TrimEnd('\r'), first.Csv.Delimiter)
                ?? throw new InvalidDataException($"{path}: the header is no CSV row");
        }
        if (end != long.MaxValue && next < end) throw new UnverifiableException($"{path}: expected the {end} bytes that were read, found {next}");
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
