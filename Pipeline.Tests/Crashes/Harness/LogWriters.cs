using Confluent.Kafka;
using Pipeline.Generation;

namespace Pipeline.Tests.Crashes;

/// <summary>Appends the log to topics, in order and once.</summary>
internal sealed class CrashTopics : ILogWriter
{
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly string _exposures;
    private readonly string _clicks;
    private readonly string _bootstrap;
    private readonly Dictionary<TopicPartition, long> _written = [];
    private volatile Error? _failed;

    public CrashTopics(CrashJob job)
    {
        (_bootstrap, _exposures, _clicks) = (job.Bootstrap, job.ExposureTopic, job.ClickTopic);
        // Small batches: a fetch brings at least one whole.
        var config = new ProducerConfig { BootstrapServers = job.Bootstrap, Acks = Acks.All, EnableIdempotence = true, LingerMs = 5, BatchSize = 16 << 10, DeliveryReportFields = "status" };
        _producer = new ProducerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).Build();
    }

    /// <inheritdoc/>
    public void Write(bool exposure, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> line)
    {
        if (_failed is { } failed) throw new KafkaException(failed);
        var target = new TopicPartition(exposure ? _exposures : _clicks, partition);
        var message = new Message<byte[], byte[]> { Value = line.ToArray() };
        while (true)
        {
            try
            {
                _producer.Produce(target, message, report => _failed = report.Error.IsError ? report.Error : _failed);
                _written[target] = _written.GetValueOrDefault(target) + 1;
                return;
            }
            catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                _producer.Poll(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        if (_producer.Flush(TimeSpan.FromSeconds(60)) > 0) throw new TimeoutException("the log was not acknowledged within 60 s");
        if (_failed is { } failed) throw new KafkaException(failed);
        RequireThere();
    }

    /// <inheritdoc/>
    public void Dispose() => _producer.Dispose();

    /// <summary>A record that was acknowledged and is not in its topic is not the program's to account for.</summary>
    private void RequireThere()
    {
        using IConsumer<Ignore, Ignore> consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = _bootstrap, GroupId = "log" }).Build();
        foreach ((TopicPartition partition, long written) in _written)
        {
            long there = consumer.QueryWatermarkOffsets(partition, TimeSpan.FromSeconds(30)).High.Value;
            if (there != written) throw new CrashFailureException($"the log itself: {written} records were acknowledged in {partition}, and it ends at {there}");
        }
    }
}

/// <summary>Appends the log to files that somebody reads meanwhile: what is there ends anywhere, also inside a line.</summary>
internal sealed class CrashFiles : ILogWriter
{
    private const int Torn = 1500;
    private readonly (FileStream File, MemoryStream Tail)[] _exposures;
    private readonly (FileStream File, MemoryStream Tail)[] _clicks;

    public CrashFiles(CrashJob job) => (_exposures, _clicks) = (Open(job, "exposure"), Open(job, "click"));

    /// <inheritdoc/>
    public void Write(bool exposure, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> line)
    {
        (FileStream file, MemoryStream tail) = (exposure ? _exposures : _clicks)[partition];
        tail.Write(line);
        tail.WriteByte((byte)'\n');
        if (tail.Length >= Torn) Append(file, tail, Torn);
    }

    /// <inheritdoc/>
    public void Complete()
    {
        foreach ((FileStream file, MemoryStream tail) in _exposures.Concat(_clicks)) Append(file, tail, (int)tail.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((FileStream file, _) in _exposures.Concat(_clicks)) file.Dispose();
    }

    private static (FileStream, MemoryStream)[] Open(CrashJob job, string stream) =>
    [
        .. Enumerable.Range(0, CrashScenario.Partitions).Select(partition => (
            new FileStream(Path.Combine(job.LogFolder, $"{stream}-{partition}.jsonl"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0),
            new MemoryStream())),
    ];

    private static void Append(FileStream file, MemoryStream tail, int length)
    {
        byte[] all = tail.ToArray();
        file.Write(all, 0, length);
        tail.SetLength(0);
        tail.Write(all, length, all.Length - length);
    }
}
