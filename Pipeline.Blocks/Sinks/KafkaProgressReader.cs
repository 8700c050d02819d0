using Confluent.Kafka;

namespace Pipeline.Blocks.Sinks;

/// <summary>Reads a job's progress topic: assigned, read_committed, without a group's offsets and without creating anything.</summary>
/// <remarks>See <see cref="IProgressReader"/>. Each reading is by a consumer of its own, for they are rare.</remarks>
/// <param name="options">The sink, whose connection properties count here too.</param>
/// <param name="settings">The job.</param>
internal sealed class KafkaProgressReader(KafkaSinkOptions options, SampleSinkSettings settings) : IProgressReader
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollSlice = TimeSpan.FromMilliseconds(100);

    // Producer's own, and what would make this client more than a reader.
    private static readonly string[] NotForReading = ["dotnet.", "transactional.id", "enable.idempotence", "group.", "isolation.level", "enable.auto", "enable.partition.eof"];

    private readonly TopicPartition _partition = new(KafkaTopics.ProgressOf(settings.Job), new Partition(0));

    /// <inheritdoc/>
    public Progress? Read(CancellationToken stop)
    {
        try
        {
            using IConsumer<byte[]?, byte[]?> consumer = new ConsumerBuilder<byte[]?, byte[]?>(Configuration()).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
            return Exists(consumer) ? Read(consumer, stop) : null;
        }
        catch (KafkaException failed)
        {
            throw new TransactionException(TransactionFault.Retriable, $"topic {_partition.Topic} could not be read: {failed.Error.Code}: {failed.Error.Reason}", failed);
        }
    }

    private bool Exists(IConsumer<byte[]?, byte[]?> consumer)
    {
        using IAdminClient admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        // All topics are asked for: asking for one by name may create it.
        return admin.GetMetadata(AnswerLimit).Topics.Exists(known => known.Topic == _partition.Topic);
    }

    private Progress? Read(IConsumer<byte[]?, byte[]?> consumer, CancellationToken stop)
    {
        // The end for a read_committed client is the last stable offset.
        long end = consumer.QueryWatermarkOffsets(_partition, AnswerLimit).High.Value;
        var fold = new ProgressFold(_partition.Topic);
        consumer.Assign(new TopicPartitionOffset(_partition, Offset.Beginning));
        long heard = settings.Clock.GetTimestamp();
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            ConsumeResult<byte[]?, byte[]?>? next = consumer.Consume(PollSlice);
            if (next is null && settings.Clock.GetElapsedTime(heard) > AnswerLimit)
                throw new TransactionException(TransactionFault.Retriable, $"topic {_partition.Topic} could not be read: no answer within {AnswerLimit}");
            if (next is null) continue;
            heard = settings.Clock.GetTimestamp();
            if (!next.IsPartitionEOF) fold.Add(next.Message.Key, next.Message.Value, next.Offset.Value);
            else if (next.Offset.Value >= end) return fold.Result();
        }
    }

    private ConsumerConfig Configuration()
    {
        var config = new ConsumerConfig { BootstrapServers = options.Bootstrap };
        foreach ((string name, string value) in options.Properties)
            if (!Array.Exists(NotForReading, begin => name.StartsWith(begin, StringComparison.Ordinal))) config.Set(name, value);
        // The client insists on a group; it is never joined, and commits nothing.
        config.GroupId = settings.Job;
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.EnablePartitionEof = true;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.AllowAutoCreateTopics = false;
        return config;
    }
}
