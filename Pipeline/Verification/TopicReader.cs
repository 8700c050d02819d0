using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Verification;

/// <summary>Reads committed records of topics from a start to the end they have now, with a plain consumer that joins no group.</summary>
/// <remarks>The client's log is left out: what matters of it comes back as an error of the call.</remarks>
internal static class TopicReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Each partition's records in their order, partitions interleaved.</summary>
    public static IEnumerable<ConsumeResult<byte[], byte[]>> Read(
        string bootstrap, IReadOnlyList<string> topics, StartOptions start, IReadOnlyDictionary<string, string> properties)
    {
        var config = new ConsumerConfig(properties.ToDictionary())
        {
            BootstrapServers = bootstrap,
            GroupId = "pipeline-verify",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Error,
            AllowAutoCreateTopics = false,
        };
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).Build();
        HashSet<TopicPartition> unfinished = [.. Partitions(bootstrap, topics, properties)];
        consumer.Assign(Starts(consumer, unfinished, start));
        while (unfinished.Count > 0)
        {
            ConsumeResult<byte[], byte[]> record = consumer.Consume(Patience)
                ?? throw new TimeoutException($"{string.Join(',', topics)} at {bootstrap}: nothing came for {Patience.TotalSeconds} s before the end");
            if (record.IsPartitionEOF) unfinished.Remove(record.TopicPartition);
            else if (unfinished.Contains(record.TopicPartition)) yield return record;
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
            foreach (PartitionMetadata partition in found.Partitions) yield return new TopicPartition(topic, partition.PartitionId);
        }
    }

    private static IEnumerable<TopicPartitionOffset> Starts(IConsumer<byte[], byte[]> consumer, IEnumerable<TopicPartition> partitions, StartOptions start) =>
        start.At switch
        {
            StartAt.Latest => throw new UnverifiableException("start: latest cannot be verified: where it was is not known"),
            StartAt.Time => consumer.OffsetsForTimes(partitions.Select(p => new TopicPartitionTimestamp(p, new Timestamp(start.Time))), Patience),
            _ => partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning)),
        };
}
