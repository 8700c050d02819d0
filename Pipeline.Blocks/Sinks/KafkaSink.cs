using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Produces samples to a Kafka topic, at least once: idempotent within this process, and repeated by a replay after a crash.</summary>
/// <remarks>
/// Record key = the sample's key, so that its samples are in one partition (<c>murmur2_random</c>), in order. A broker that is away delays delivery, and
/// with a full local queue the flow, up to <c>unavailable_limit</c>. Threading: one call at a time.
/// Errors: <see cref="DeliveryFailedException"/> for a record that was refused, at the next call; <see cref="SinkUnavailableException"/> past the limit.
/// </remarks>
public sealed class KafkaSink : ISampleSink
{
    // The queue holds over a second of samples: a pause this long never empties it.
    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FlushSlice = TimeSpan.FromMilliseconds(100);

    private readonly KafkaSinkOptions _options;
    private readonly SinkSettings _settings;
    private readonly Func<ISampleProducer> _connect;
    private ISampleProducer? _producer;

    /// <summary>A sink on a topic.</summary>
    public KafkaSink(KafkaSinkOptions options, SinkSettings settings) : this(options, settings, () => SampleProducers.Create(options, settings))
    {
    }

    /// <summary>A sink through another client.</summary>
    internal KafkaSink(KafkaSinkOptions options, SinkSettings settings, Func<ISampleProducer> connect) =>
        (_options, _settings, _connect) = (options, settings, connect);

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken stop)
    {
        await KafkaTopics.EnsureAsync(_options, _settings).WaitAsync(stop).ConfigureAwait(false);
        _producer = _connect();
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        _producer!.ThrowIfFailed();
        int next = _producer.Produce(batch, 0);
        while (next < batch.Count)
        {
            await Task.Delay(QueuePause, _settings.Clock, stop).ConfigureAwait(false);
            _producer.ThrowIfFailed();
            next = _producer.Produce(batch, next);
        }
        (_settings as SampleSinkSettings)?.Telemetry?.Delivered(batch);
        batch.Release();
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken stop)
    {
        bool delivered = false;
        while (!delivered)
        {
            delivered = await Task.Run(() => _producer!.Flush(FlushSlice), stop).ConfigureAwait(false);
            _producer!.ThrowIfFailed();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _producer?.Dispose();
        return ValueTask.CompletedTask;
    }
}
