using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A <see cref="StartedJob"/> from topics to a topic, each of two partitions: users with even numbers in the first.</summary>
internal sealed class StartedTopicJob : StartedJob
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

    /// <summary>Writes the job's file and makes its topics.</summary>
    /// <param name="more">Further lines of the job file.</param>
    public StartedTopicJob(string more = "")
    {
        Exposures = Kafka.NewTopic("exposure", 2);
        Clicks = Kafka.NewTopic("click", 2);
        SampleTopic = Kafka.NewTopic("samples");
        Path = Run.Write("job.yaml", $$"""
            job: {{Job}}
            out_of_orderness: 1s
            max_future: 3650d
            window: { length: 60s }
            streams:
              - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{Kafka.Bootstrap}}", topics: [{{Exposures}}] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { kafka: { bootstrap: "{{Kafka.Bootstrap}}", topics: [{{Clicks}}] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { kafka: { bootstrap: "{{Kafka.Bootstrap}}", topic: {{SampleTopic}} } } }
            state: { dir: state, memory: 32MiB, checkpoint_interval: 1h }
            {{more}}
            """);
    }

    public static KafkaServer Kafka => KafkaServer.Shared;

    public string Exposures { get; }

    public string Clicks { get; }

    public string SampleTopic { get; }

    public string Job => $"start-{SampleTopic}";

    public string ProgressTopic => $"{Job}.progress";

    public override int OpenUsers => 8;

    public override string Samples => "kafka";

    public override void Produce(int from, int to)
    {
        foreach (string topic in new[] { Exposures, Clicks })
            Kafka.Produce(topic, Enumerable.Range(from, to - from).Select(user => new KafkaRecord(null, Line(user), Partition: user % 2)));
    }

    /// <summary>Appends records of users to one partition of the exposures.</summary>
    public void ProduceExposures(int partition, params int[] users) =>
        Kafka.Produce(Exposures, users.Select(user => new KafkaRecord(null, Line(user), partition)));

    /// <summary>Keys of the samples that a reader of committed data finds.</summary>
    public IReadOnlyList<string> SampleKeys() =>
        [.. Kafka.ReadAll(SampleTopic, readCommitted: true).Select(static record => System.Text.Encoding.UTF8.GetString(record.Message.Key!))];

    /// <summary>Removes a partition's first records from the broker.</summary>
    public static async Task DeleteFirstAsync(string topic, int partition, long before)
    {
        using IAdminClient admin = Admin();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, partition, before)]);
    }

    /// <summary>Deletes a topic, and waits until it is gone.</summary>
    public static async Task DeleteTopicAsync(string topic)
    {
        using IAdminClient admin = Admin();
        await admin.DeleteTopicsAsync([topic]);
        await Eventually.Holds(() => !admin.GetMetadata(AnswerLimit).Topics.Exists(known => known.Topic == topic), $"topic {topic} is gone");
    }

    /// <summary>Offsets that the job's group has committed, by topic and partition.</summary>
    public Dictionary<(string, int), long> CommittedOffsets()
    {
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = Kafka.Bootstrap, GroupId = Job }).Build();
        TopicPartition[] all = [.. new[] { Exposures, Clicks }.SelectMany(static topic => new[] { new TopicPartition(topic, 0), new TopicPartition(topic, 1) })];
        return consumer.Committed(all, AnswerLimit).ToDictionary(static at => (at.Topic, at.Partition.Value), static at => at.Offset.Value);
    }

    private static IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Kafka.Bootstrap }).SetLogHandler(static (_, _) => { }).Build();
}
