using Confluent.Kafka;

namespace Pipeline.Blocks.Sinks;

/// <summary>How the sinks' producers are configured.</summary>
internal static class ProducerSettings
{
    /// <summary>Room in the local queue: over a second of samples, so that only a broker that is away makes the flow wait.</summary>
    /// <remarks>What shorter ones cost was too little to tell (perf/results/2026-11-24.md: "Kafka clients").</remarks>
    public const int QueueRecords = 1_000_000;

    /// <summary>Bound of the local queue, KiB: as many samples of some 500 B. Not measured.</summary>
    public const int QueueKiB = 512 << 10;

    // Kafka's default, and far above the interval: a suspended process or a broker that restarts is not taken for one that is dead.
    private const int TransactionTimeoutMs = 60_000;

    // Larger than a broker takes by default: the topic's own limit decides, on the compressed batch.
    private const int LargestRecord = 16 << 20;

    /// <summary>Idempotent, acknowledged by all, compressed, and patient; the job's properties win.</summary>
    /// <remarks>
    /// batch.size stays at librdkafka's 1 000 000: a batch that does not compress must pass a broker's default message.max.bytes (1 048 588).
    /// </remarks>
    public static ProducerConfig For(KafkaSinkOptions options, SinkSettings settings)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = options.Bootstrap,
            Acks = Acks.All,
            EnableIdempotence = true,
            CompressionType = CompressionType.Lz4,
            // 100 took more CPU, 5.77 and 6.20 s per M records against 5.23 and 5.44; of 3 too little is to be told (perf/results/2026-11-28.md: "What did not help").
            LingerMs = 10,
            Partitioner = Partitioner.Murmur2Random,
            QueueBufferingMaxMessages = QueueRecords,
            QueueBufferingMaxKbytes = QueueKiB,
            // A sample has the payload of one record, and as much again for keys, labels and quoting.
            MessageMaxBytes = Math.Max(LargestRecord, 2 * settings.MaxRecordBytes),
            MessageTimeoutMs = TimeoutOf(settings.UnavailableLimit),
            AllowAutoCreateTopics = false,
            DeliveryReportFields = "none",
        };
        foreach ((string name, string value) in options.Properties) config.Set(name, value);
        return config;
    }

    /// <summary>As <see cref="For"/>, in transactions.</summary>
    /// <remarks>
    /// A record gives up before its transaction would: then the transaction can be aborted and written again with the same client. Delivery reports are off, for one that fails
    /// makes its transaction fail.
    /// </remarks>
    public static ProducerConfig Transactional(KafkaSinkOptions options, SampleSinkSettings settings)
    {
        ProducerConfig config = For(options, settings);
        config.EnableDeliveryReports = false;
        config.TransactionalId ??= settings.Job;
        int timeout = config.TransactionTimeoutMs ??= TransactionTimeoutMs;
        if (!options.Properties.ContainsKey("message.timeout.ms"))
            config.MessageTimeoutMs = config.MessageTimeoutMs is > 0 and { } limit ? Math.Min(limit, timeout / 5 * 4) : timeout / 5 * 4;
        return config;
    }

    /// <summary>0 is librdkafka's "never".</summary>
    private static int TimeoutOf(TimeSpan limit) =>
        limit == Timeout.InfiniteTimeSpan ? 0 : (int)Math.Clamp(limit.TotalMilliseconds, 1000, int.MaxValue);
}
