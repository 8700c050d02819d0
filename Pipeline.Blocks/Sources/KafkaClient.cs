using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Blocks.Records;
using Polly;
using Polly.Retry;

namespace Pipeline.Blocks.Sources;

/// <summary>The consumer of one source, and the questions it asks the brokers. Questions are asked again until they are answered or cancelled.</summary>
/// <remarks>Threading: questions from any thread, beside the poll loop, whose consumer they share; <see cref="Value"/> belongs to the poll loop.</remarks>
internal sealed class KafkaClient : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private readonly IAdminClient _admin;
    private readonly ResiliencePipeline _questions;
    private readonly ValueCopy _value = new();

    /// <exception cref="ArgumentException">A property is unknown, or has a value that librdkafka refuses.</exception>
    public KafkaClient(KafkaSourceOptions options, SourceContext context)
    {
        Outage = new KafkaOutage(options.Bootstrap, context.Log, context.Clock, context.UnavailableLimit, context.Outages);
        ConsumerConfig configuration = KafkaConsumerSettings.Create(options, context.Group);
        Isolation = configuration.IsolationLevel ?? IsolationLevel.ReadCommitted;
        try
        {
            Consumer = new ConsumerBuilder<Ignore, int>(configuration)
                .SetValueDeserializer(_value)
                .SetLogHandler(static (_, _) => { })
                .SetErrorHandler((_, error) => Note(error))
                .Build();
        }
        catch (InvalidOperationException refused)
        {
            throw new ArgumentException($"Kafka properties of {string.Join(',', options.Topics)}: {refused.Message}", refused);
        }
        _admin = new DependentAdminClientBuilder(Consumer.Handle).Build();
        _questions = new ResiliencePipelineBuilder { TimeProvider = context.Clock }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static attempt => new ValueTask<bool>(attempt.Outcome.Exception is { } failure && KafkaErrors.IsTransient(failure)),
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(1),
                BackoffType = DelayBackoffType.Exponential,
                OnRetry = attempt =>
                {
                    Outage.Begin(KafkaErrors.Of((KafkaException)attempt.Outcome.Exception!));
                    return default;
                },
            })
            .Build();
    }

    /// <summary>The consumer; its values are lengths, to be looked up by <see cref="Value"/>.</summary>
    public IConsumer<Ignore, int> Consumer { get; }

    /// <summary>Which records the consumer sees.</summary>
    public IsolationLevel Isolation { get; }

    /// <summary>Whether the brokers answer.</summary>
    public KafkaOutage Outage { get; }

    /// <summary>The bytes of the value consumed last.</summary>
    public ReadOnlySpan<byte> Value(int length) => _value.Bytes(length);

    /// <summary>The partitions of the topics, in order.</summary>
    /// <exception cref="SourceMissingException">A topic does not exist.</exception>
    public async Task<IReadOnlyList<TopicPartition>> PartitionsAsync(IReadOnlyList<string> topics, CancellationToken stop)
    {
        List<TopicPartition> found = [];
        foreach (string topic in topics)
        {
            List<PartitionMetadata> partitions = await AskAsync(() => Task.Run(() => Partitions(topic)), stop).ConfigureAwait(false);
            found.AddRange(partitions.Select(static partition => partition.PartitionId).Order().Select(number => new TopicPartition(topic, number)));
        }
        return found;
    }

    /// <summary>Each topic's id; empty from a broker that has none.</summary>
    public async Task<IReadOnlyDictionary<string, string>> TopicIdsAsync(IReadOnlyList<string> topics, CancellationToken stop)
    {
        var options = new DescribeTopicsOptions { RequestTimeout = AnswerLimit };
        DescribeTopicsResult answer = await AskAsync(() => _admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(topics), options), stop).ConfigureAwait(false);
        return answer.TopicDescriptions.ToDictionary(static topic => topic.Name, static topic => topic.TopicId?.ToString() ?? "");
    }

    /// <summary>One offset of each partition; -1 where there is none.</summary>
    public async Task<Dictionary<TopicPartition, long>> OffsetsAsync(IReadOnlyList<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation, CancellationToken stop)
    {
        if (partitions.Count == 0) return [];
        var options = new ListOffsetsOptions { IsolationLevel = isolation, RequestTimeout = AnswerLimit };
        TopicPartitionOffsetSpec[] asked = [.. partitions.Select(partition => new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = which })];
        ListOffsetsResult answer = await AskAsync(() => _admin.ListOffsetsAsync(asked, options), stop).ConfigureAwait(false);
        return answer.ResultInfos.ToDictionary(
            static info => info.TopicPartitionOffsetError.TopicPartition,
            static info => info.TopicPartitionOffsetError.Offset.Value);
    }

    /// <summary>The high watermark that came with the last records of a partition; null before any. Asks no broker.</summary>
    public long? KnownEnd(TopicPartition partition)
    {
        try
        {
            Offset high = Consumer.GetWatermarkOffsets(partition).High;
            return high.IsSpecial ? null : high.Value;
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    /// <summary>What the group has committed; -1 where it has not.</summary>
    public async Task<Dictionary<TopicPartition, long>> CommittedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken stop)
    {
        List<TopicPartitionOffset> committed = await AskAsync(() => Task.Run(() => Consumer.Committed(partitions, AnswerLimit)), stop).ConfigureAwait(false);
        return committed.ToDictionary(static at => at.TopicPartition, static at => Math.Max(-1, at.Offset.Value));
    }

    /// <summary>Commits offsets for the group; tried once.</summary>
    public Task CommitAsync(IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken stop) =>
        Task.Run(() => Consumer.Commit(offsets), stop).WaitAsync(AnswerLimit, stop);

    /// <summary>Lets the client report why it cannot reach a broker while nobody polls.</summary>
    public void ServeErrors() => Consumer.Consume(TimeSpan.Zero);

    /// <inheritdoc/>
    public void Dispose()
    {
        _admin.Dispose();
        Consumer.Dispose();
    }

    private List<PartitionMetadata> Partitions(string topic)
    {
        TopicMetadata metadata = _admin.GetMetadata(topic, AnswerLimit).Topics.Single();
        if (metadata.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic) throw new SourceMissingException($"No topic {topic}");
        return metadata.Error.IsError ? throw new KafkaException(metadata.Error) : metadata.Partitions;
    }

    private ValueTask<T> AskAsync<T>(Func<Task<T>> question, CancellationToken stop) => _questions.ExecuteAsync(
        async _ =>
        {
            int failures = Outage.Failures;
            T answer = await question().ConfigureAwait(false);
            Outage.End(failures);
            return answer;
        },
        stop);

    private void Note(Error error)
    {
        if (error.Code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Authentication or ErrorCode.Local_Ssl or ErrorCode.Local_Resolve) Outage.Begin(error);
    }

    /// <summary>Copies the value of a message out of native memory into one buffer that is used again.</summary>
    private sealed class ValueCopy : IDeserializer<int>
    {
        private byte[] _bytes = new byte[64 << 10];

        public ReadOnlySpan<byte> Bytes(int length) => _bytes.AsSpan(0, Math.Max(0, length));

        public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
        {
            if (isNull) return RawRecord.NullValue;
            if (data.Length > _bytes.Length) _bytes = new byte[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)data.Length)];
            data.CopyTo(_bytes);
            return data.Length;
        }
    }
}
