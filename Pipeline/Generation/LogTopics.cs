using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Generation;

/// <summary>The log as topics <c>exposure</c> and <c>click</c>: record key = the join key, partition = the generator's, timestamp = when it was sent.</summary>
/// <remarks>
/// Topics are created with the log's partitions; one that exists must have as many, and is appended to.
/// Event times are no timestamps here: a log of last year would be past the broker's retention as it arrives.
/// Errors: a record that is not acknowledged throws at the next write or at <see cref="Complete"/>.
/// </remarks>
internal sealed class LogTopics : ILogWriter
{
    private static readonly TimeSpan AdminTimeout = TimeSpan.FromSeconds(60);

    private readonly IProducer<byte[], byte[]> _producer;
    private volatile Error? _failed;

    public LogTopics(string bootstrap, int partitions)
    {
        CreateTopics(bootstrap, partitions);
        var config = new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Acks = Acks.All,
            EnableIdempotence = true,
            CompressionType = CompressionType.Lz4,
            LingerMs = 50,
            BatchSize = 1 << 20,
            QueueBufferingMaxMessages = 500_000,
            QueueBufferingMaxKbytes = 256 << 10,
            DeliveryReportFields = "status",
        };
        _producer = new ProducerBuilder<byte[], byte[]>(config).SetLogHandler(Silence).Build();
    }

    public void Write(bool exposure, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> line)
    {
        ThrowIfFailed();
        var target = new TopicPartition(exposure ? "exposure" : "click", partition);
        var message = new Message<byte[], byte[]> { Key = key.ToArray(), Value = line.ToArray() };
        while (true)
        {
            try
            {
                _producer.Produce(target, message, Delivered);
                return;
            }
            catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                _producer.Flush(TimeSpan.FromMilliseconds(100));
                ThrowIfFailed();
            }
        }
    }

    public void Complete()
    {
        while (_producer.Flush(TimeSpan.FromSeconds(1)) > 0) ThrowIfFailed();
        ThrowIfFailed();
    }

    public void Dispose() => _producer.Dispose();

    // What matters of the client's log comes back as an error of the call; the rest is a line for every attempt to connect.
    private static void Silence(IClient client, LogMessage message)
    {
    }

    private void Delivered(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError) _failed = report.Error;
    }

    private void ThrowIfFailed()
    {
        if (_failed is { } error) throw new KafkaException(error);
    }

    private static void CreateTopics(string bootstrap, int partitions)
    {
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).SetLogHandler(Silence).Build();
        // All topics are asked for: asking for one by name may create it, with the broker's number of partitions.
        List<TopicMetadata> topics = admin.GetMetadata(AdminTimeout).Topics;
        foreach (string topic in (string[])["exposure", "click"])
        {
            int found = topics.Find(known => known.Topic == topic)?.Partitions.Count ?? 0;
            if (found == 0)
                admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = -1 }]).GetAwaiter().GetResult();
            else if (found != partitions)
                throw new LogTargetException($"topic {topic} at {bootstrap}: expected {partitions} partitions, found {found}");
        }
    }
}
