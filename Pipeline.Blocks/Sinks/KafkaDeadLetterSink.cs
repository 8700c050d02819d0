using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Produces dead letters to a Kafka topic: the original bytes, without a key; why and where from in headers, as text.</summary>
/// <remarks>Headers <c>__pipeline.errors.reason</c>, <c>.stream</c>, <c>.source</c>, <c>.partition</c> and <c>.offset</c>. Else as <see cref="KafkaSink"/>.</remarks>
/// <param name="options">The topic.</param>
/// <param name="settings">Names, clock and limit.</param>
public sealed class KafkaDeadLetterSink(KafkaSinkOptions options, DeadLetterSinkSettings settings) : IDeadLetterSink
{
    /// <summary>What the headers' names begin with.</summary>
    public const string HeaderPrefix = "__pipeline.errors.";

    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FlushSlice = TimeSpan.FromMilliseconds(100);

    private readonly Deliveries _deliveries = new(options.Bootstrap, options.Topic, settings.Log);
    private IProducer<Null, byte[]?>? _producer;

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken stop)
    {
        await KafkaTopics.EnsureAsync(options, settings).WaitAsync(stop).ConfigureAwait(false);
        _producer = new ProducerBuilder<Null, byte[]?>(ProducerSettings.For(options, settings))
            .SetErrorHandler((_, error) => _deliveries.Notice(error))
            .SetLogHandler(static (_, _) => { })
            .Build();
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop)
    {
        _deliveries.ThrowIfFailed();
        foreach (DeadLetter letter in batch.Letters)
        {
            Message<Null, byte[]?> message = MessageOf(letter, batch.Bytes);
            while (!TryProduce(message))
            {
                await Task.Delay(QueuePause, settings.Clock, stop).ConfigureAwait(false);
                _deliveries.ThrowIfFailed();
            }
        }
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken stop)
    {
        while (!_deliveries.AllEnded)
        {
            await Task.Run(() => _producer!.Flush(FlushSlice), stop).ConfigureAwait(false);
            _deliveries.ThrowIfFailed();
        }
        _deliveries.ThrowIfFailed();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _producer?.Dispose();
        return ValueTask.CompletedTask;
    }

    private Message<Null, byte[]?> MessageOf(DeadLetter letter, byte[] bytes)
    {
        SourcePartition partition = settings.Directory[letter.Partition];
        var headers = new Headers();
        Add(headers, "reason", letter.Reason.Name());
        Add(headers, "stream", settings.StreamNames[letter.Stream]);
        Add(headers, "source", partition.Source);
        Add(headers, "partition", partition.Number.ToString(CultureInfo.InvariantCulture));
        Add(headers, "offset", letter.Offset.ToString(CultureInfo.InvariantCulture));
        return new Message<Null, byte[]?> { Headers = headers, Value = letter.Length < 0 ? null : bytes.AsSpan(letter.Start, letter.Length).ToArray() };
    }

    private static void Add(Headers headers, string name, string text) => headers.Add(HeaderPrefix + name, Encoding.UTF8.GetBytes(text));

    private bool TryProduce(Message<Null, byte[]?> message)
    {
        try
        {
            _producer!.Produce(options.Topic, message, report => _deliveries.Ended(report.Error, report.Partition));
        }
        catch (ProduceException<Null, byte[]?> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<Null, byte[]?> refused)
        {
            _deliveries.ThrowIfFailed();
            throw new DeliveryFailedException($"Topic {options.Topic}: a dead letter of {message.Value?.Length} bytes was refused: {refused.Error.Code}: {refused.Error.Reason}", refused);
        }
        _deliveries.Sent();
        return true;
    }
}
