using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Verification;

/// <summary>Reads committed records of topics with a plain consumer that joins no group.</summary>
/// <remarks>
/// An isolation level that the properties name is kept, as the job's own consumer does. The client's log is left out: what matters of it comes back as an
/// error of the call.
/// </remarks>
internal static class TopicReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>From a start to the end that topics have now: each partition's records in their order, partitions interleaved.</summary>
    public static IEnumerable<ConsumeResult<byte[], byte[]>> ReadAll(
        string bootstrap, IReadOnlyList<string> topics, StartOptions start, IReadOnlyDictionary<string, string> properties)
    {
        using IConsumer<byte[], byte[]> consumer = Open(bootstrap, properties);
        Dictionary<TopicPartition, long> ends = Partitions(bootstrap, topics, properties).ToDictionary(static partition => partition, static _ => long.MaxValue);
        consumer.Assign(Starts(consumer, ends.Keys, start));
        foreach (ConsumeResult<byte[], byte[]> record in Read(consumer, ends, $"{string.Join(',', topics)} at {bootstrap}")) yield return record;
    }

    /// <summary>The spans of partitions that a job has read, each in its order, partitions interleaved.</summary>
    /// <exception cref="UnverifiableException">The broker does not hold the first records any more.</exception>
    public static IEnumerable<ConsumeResult<byte[], byte[]>> ReadSpans(
        string bootstrap, IReadOnlyList<PartitionSpan> spans, IReadOnlyDictionary<string, string> properties)
    {
        PartitionSpan[] read = [.. spans.Where(static span => span.End > span.Start)];
        if (read.Length == 0) yield break;
        using IConsumer<byte[], byte[]> consumer = Open(bootstrap, properties);
        foreach (PartitionSpan span in read)
        {
            Offset oldest = consumer.QueryWatermarkOffsets(new TopicPartition(span.Source, span.Number), Patience).Low;
            if (oldest.Value > span.Start)
                throw new UnverifiableException($"{span.Source}-{span.Number} at {bootstrap}: expected the records from position {span.Start} on, found them from {oldest.Value} on");
        }
        consumer.Assign(read.Select(static span => new TopicPartitionOffset(span.Source, span.Number, span.Start)));
        Dictionary<TopicPartition, long> ends = read.ToDictionary(static span => new TopicPartition(span.Source, span.Number), static span => span.End);
        foreach (ConsumeResult<byte[], byte[]> record in Read(consumer, ends, bootstrap)) yield return record;
    }

    private static IConsumer<byte[], byte[]> Open(string bootstrap, IReadOnlyDictionary<string, string> properties)
    {
        var config = new ConsumerConfig(properties.ToDictionary())
        {
            BootstrapServers = bootstrap,
            GroupId = "pipeline-verify",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Error,
            AllowAutoCreateTopics = false,
        };
        config.IsolationLevel ??= IsolationLevel.ReadCommitted;
        return new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).Build();
    }

    /// <summary>Reads every partition to its end there, or to that in the topic.</summary>
    private static IEnumerable<ConsumeResult<byte[], byte[]>> Read(IConsumer<byte[], byte[]> consumer, Dictionary<TopicPartition, long> ends, string where)
    {
        while (ends.Count > 0)
        {
            ConsumeResult<byte[], byte[]> record = consumer.Consume(Patience)
                ?? throw new TimeoutException($"{where}: nothing came for {Patience.TotalSeconds} s before the end");
            if (record.IsPartitionEOF)
            {
                ends.Remove(record.TopicPartition);
                continue;
            }
            if (!ends.TryGetValue(record.TopicPartition, out long end)) continue;
            if (record.Offset.Value < end)
            {
                yield return record;
                continue;
            }
            ends.Remove(record.TopicPartition);
            // What came behind the end would be fetched too.
            consumer.Pause([record.TopicPartition]);
        }
    }

    private static IEnumerable<TopicPartition> Partitions(string bootstrap, IReadOnlyList<string> topics, IReadOnlyDictionary<string, string> properties)
    {
        var config = new AdminClientConfig(properties.ToDictionary()) { BootstrapServers = bootstrap };
        using IAdminClient admin = new AdminClientBuilder(config).SetLogHandler(static (_, _) => { }).Build();
        List<TopicMetadata> known = admin.GetMetadata(Patience).Topics;
        foreach (string topic in topics)
        {
            TopicMetadata found = known.Find(one => one.Topic == topic) ?? throw new UnverifiableException($"topic {topic} is not at {bootstrap}");
            // A topic whose partitions the broker does not know right now is not one without records.
            if (found.Error.IsError) throw new KafkaException(found.Error);
            if (found.Partitions.Count == 0) throw new KafkaException(new Error(ErrorCode.Local_UnknownPartition, $"{topic} at {bootstrap}: expected partitions, found none"));
            foreach (PartitionMetadata partition in found.Partitions) yield return new TopicPartition(topic, partition.PartitionId);
        }
    }

    private static IEnumerable<TopicPartitionOffset> Starts(IConsumer<byte[], byte[]> consumer, IEnumerable<TopicPartition> partitions, StartOptions start) =>
        start.At switch
        {
            StartAt.Latest => throw new UnverifiableException("start: latest cannot be verified without a checkpoint: where it was is not known"),
            StartAt.Time => consumer.OffsetsForTimes(partitions.Select(p => new TopicPartitionTimestamp(p, new Timestamp(start.Time))), Patience),
            _ => partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning)),
        };
}
