using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Kafka;

/// <summary>One record to produce.</summary>
/// <param name="Key">Text of the key; null for none.</param>
/// <param name="Value">Text of the value; null for a tombstone.</param>
/// <param name="Partition">Partition; null: as the client decides.</param>
/// <param name="Timestamp">ms since the Unix epoch; null: now.</param>
public readonly record struct KafkaRecord(string? Key, string? Value, int? Partition = null, long? Timestamp = null);

/// <summary>
/// A real broker for tests: <see cref="Shared"/>, one for the whole assembly, or a private one that a test may kill.
/// </summary>
/// <remarks>
/// Found through <c>PIPELINE_TEST_BROKERS</c> (bootstrap of a running cluster), else <c>KAFKA_HOME</c> (a stock distribution), else
/// <c>../shared/servers/kafka</c> beside the repository. With none of them a test is inconclusive, and fails where <c>CI=true</c>.
/// Threading: any, except Kill and Restart. Topics of the shared broker are seen by all tests: take names from <see cref="NewTopic"/>.
/// </remarks>
public sealed class KafkaServer : IDisposable
{
    // Records of tests are as old as they like: by default a broker deletes those of 1970 when it next looks, every five minutes.
    private const string RetentionMs = "log.retention.ms";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);
    private static readonly Lock Gate = new();
    private static KafkaServer? Started;
    private readonly KafkaNode? _node;

    private KafkaServer(string bootstrap, KafkaNode? node) => (Bootstrap, _node) = (bootstrap, node);

    /// <summary>host:port of the broker; a restart keeps it.</summary>
    public string Bootstrap { get; }

    /// <summary>The broker of the whole test assembly, started when it is first asked for.</summary>
    public static KafkaServer Shared
    {
        get
        {
            lock (Gate) return Started ??= FindRunning() ?? StartPrivate();
        }
    }

    /// <summary>Starts a broker of the test's own, that it may kill; to be disposed of by it.</summary>
    /// <param name="settings">Server properties over the defaults.</param>
    public static KafkaServer StartPrivate(IReadOnlyDictionary<string, string>? settings = null)
    {
        KafkaNode? node = KafkaNode.Find(new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { [RetentionMs] = "-1" });
        if (node is null)
        {
            const string Reason = "No Kafka broker to test with: set KAFKA_HOME to a Kafka distribution (or PIPELINE_TEST_BROKERS for tests that kill none), or put shared/servers/kafka beside the repository.";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(Reason);
            Assert.Inconclusive(Reason);
        }
        try
        {
            return new KafkaServer(node.Start(), node);
        }
        catch
        {
            node.Remove();
            throw;
        }
    }

    /// <summary>Processes of the private broker.</summary>
    public IReadOnlyList<int> Pids => _node!.Pids;

    /// <summary>Ends the private broker like a crash.</summary>
    public void Kill() => _node!.Stop(kill: true);

    /// <summary>Starts the private broker again, with its data and its address; returns when it answers.</summary>
    public void Restart() => Assert.AreEqual(Bootstrap, _node!.Start());

    /// <summary>Makes a topic.</summary>
    public void CreateTopic(string name, int partitions, Dictionary<string, string>? configuration = null)
    {
        using IAdminClient admin = Admin();
        admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = 1, Configs = configuration }],
            new CreateTopicsOptions { OperationTimeout = AnswerLimit }).GetAwaiter().GetResult();
        AwaitPartitions(admin, name, partitions);
    }

    /// <summary>Makes a topic whose name no other test has.</summary>
    public string NewTopic(string prefix, int partitions = 1, Dictionary<string, string>? configuration = null)
    {
        string name = $"{prefix}-{Guid.NewGuid():N}";
        CreateTopic(name, partitions, configuration);
        return name;
    }

    /// <summary>Adds partitions to a topic.</summary>
    public void AddPartitions(string topic, int total)
    {
        using IAdminClient admin = Admin();
        admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = total }]).GetAwaiter().GetResult();
        AwaitPartitions(admin, topic, total);
    }

    /// <summary>The controller answers first; the broker that is asked for the partitions knows of them a moment later.</summary>
    private static void AwaitPartitions(IAdminClient admin, string topic, int count) => Eventually.Holds(
        async () =>
        {
            try
            {
                DescribeTopicsResult found = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]));
                return found.TopicDescriptions.Single().Partitions.Count(static partition => partition.Leader is { Id: >= 0 }) == count;
            }
            catch (DescribeTopicsException)
            {
                return false;
            }
        },
        $"the broker knows {topic} with {count} partitions").GetAwaiter().GetResult();

    /// <summary>Appends records in their order; returns when all are acknowledged.</summary>
    public void Produce(string topic, IEnumerable<KafkaRecord> records)
    {
        using IProducer<byte[]?, byte[]?> producer = NewProducer();
        foreach (KafkaRecord record in records) Produce(producer, topic, record);
        producer.Flush(AnswerLimit);
    }

    /// <summary>Appends one record through the test's own producer (inside its transaction, say); not yet acknowledged.</summary>
    public static void Produce(IProducer<byte[]?, byte[]?> producer, string topic, KafkaRecord record) => producer.Produce(
        new TopicPartition(topic, record.Partition is { } partition ? new Partition(partition) : Partition.Any),
        new Message<byte[]?, byte[]?>
        {
            Key = Bytes(record.Key),
            Value = Bytes(record.Value),
            Timestamp = record.Timestamp is { } at ? new Timestamp(at, TimestampType.CreateTime) : Timestamp.Default,
        },
        static report => Assert.IsFalse(report.Error.IsError, report.Error.Reason));

    /// <summary>A producer on the broker; with a transactional id it is initialised.</summary>
    public IProducer<byte[]?, byte[]?> NewProducer(string? transactionalId = null)
    {
        var configuration = new ProducerConfig { BootstrapServers = Bootstrap, LingerMs = 1, EnableIdempotence = true, TransactionalId = transactionalId };
        IProducer<byte[]?, byte[]?> producer = new ProducerBuilder<byte[]?, byte[]?>(configuration).SetLogHandler(static (_, _) => { }).Build();
        if (transactionalId is not null) producer.InitTransactions(AnswerLimit);
        return producer;
    }

    /// <summary>Up to where a reader of committed records sees a topic's first partition: markers count, and are there a moment after the producer's call.</summary>
    public long LastStableOffset(string topic)
    {
        var configuration = new ConsumerConfig { BootstrapServers = Bootstrap, GroupId = "reader", IsolationLevel = IsolationLevel.ReadCommitted };
        using IConsumer<byte[]?, byte[]?> consumer = new ConsumerBuilder<byte[]?, byte[]?>(configuration).Build();
        return consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), AnswerLimit).High.Value;
    }

    /// <summary>Everything a reader sees in a topic now, partition by partition.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="readCommitted">Whether the reader is shielded from aborted and open transactions.</param>
    public List<ConsumeResult<byte[]?, byte[]?>> ReadAll(string topic, bool readCommitted)
    {
        using IAdminClient admin = Admin();
        int partitions = admin.GetMetadata(topic, AnswerLimit).Topics.Single().Partitions.Count;
        var configuration = new ConsumerConfig
        {
            BootstrapServers = Bootstrap,
            GroupId = $"read-{Guid.NewGuid():N}",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = readCommitted ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted,
        };
        using IConsumer<byte[]?, byte[]?> consumer = new ConsumerBuilder<byte[]?, byte[]?>(configuration).SetLogHandler(static (_, _) => { }).Build();
        List<ConsumeResult<byte[]?, byte[]?>> found = [];
        for (int partition = 0; partition < partitions; partition++)
        {
            consumer.Assign(new TopicPartitionOffset(topic, partition, Offset.Beginning));
            while (true)
            {
                ConsumeResult<byte[]?, byte[]?> next = consumer.Consume(AnswerLimit) ?? throw new TimeoutException($"No answer from {topic}-{partition} within {AnswerLimit}");
                if (next.IsPartitionEOF) break;
                found.Add(next);
            }
        }
        return found;
    }

    /// <summary>Stops the private broker and removes its data.</summary>
    public void Dispose() => _node?.Remove();

    /// <summary>Stops the shared broker when one was started.</summary>
    /// <remarks>With tests side by side it was seen to be asked twice.</remarks>
    public static void StopShared()
    {
        lock (Gate)
        {
            Started?.Dispose();
            Started = null;
        }
    }

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Bootstrap }).SetLogHandler(static (_, _) => { }).Build();

    private static KafkaServer? FindRunning()
    {
        string? bootstrap = Environment.GetEnvironmentVariable("PIPELINE_TEST_BROKERS");
        return string.IsNullOrEmpty(bootstrap) ? null : new KafkaServer(bootstrap, node: null);
    }

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
