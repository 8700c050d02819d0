using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Produces dead letters to a Kafka topic: the original bytes, without a key; why and where from in headers, as text.</summary>
/// <remarks>Headers <c>__pipeline.errors.reason</c>, <c>.stream</c>, <c>.source</c>, <c>.partition</c> and <c>.offset</c>. A letter that the client or the broker finds too large goes
/// without its bytes and with their number in <c>.size</c>: its origin is where they can be read. Else as <see cref="KafkaSink"/>.</remarks>
/// <param name="options">The topic.</param>
/// <param name="settings">Names, clock and limit.</param>
public sealed class KafkaDeadLetterSink(KafkaSinkOptions options, DeadLetterSinkSettings settings) : IDeadLetterSink
{
    /// <summary>What the headers' names begin with.</summary>
    public const string HeaderPrefix = "__pipeline.errors.";

    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan FlushSlice = TimeSpan.FromMilliseconds(100);

    private readonly Deliveries _deliveries = new(options.Bootstrap, options.Topic, settings.Log);
    private readonly ConcurrentQueue<Message<Null, byte[]?>> _tooLarge = [];
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
            await ProduceAsync(message, stop).ConfigureAwait(false);
            _deliveries.Sent(message.Value?.Length ?? 0);
        }
        await SendAgainAsync(stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken stop)
    {
        while (!_deliveries.AllEnded)
        {
            await Task.Run(() => _producer!.Flush(FlushSlice), stop).ConfigureAwait(false);
            _deliveries.ThrowIfFailed();
            await SendAgainAsync(stop).ConfigureAwait(false);
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

    /// <summary>Sends what the broker refused for its size; each was counted when it was sent first and ends once.</summary>
    private async ValueTask SendAgainAsync(CancellationToken stop)
    {
        while (_tooLarge.TryDequeue(out Message<Null, byte[]?>? letter)) await ProduceAsync(letter, stop).ConfigureAwait(false);
    }

    private static Message<Null, byte[]?> WithoutBytes(Message<Null, byte[]?> letter)
    {
        // A try that found the queue full has set it already.
        letter.Headers.Remove(HeaderPrefix + "size");
        Add(letter.Headers, "size", letter.Value!.Length.ToString(CultureInfo.InvariantCulture));
        return new Message<Null, byte[]?> { Headers = letter.Headers, Value = null };
    }

    private async ValueTask ProduceAsync(Message<Null, byte[]?> message, CancellationToken stop)
    {
        while (!TryProduce(message))
        {
            await Task.Delay(QueuePause, settings.Clock, stop).ConfigureAwait(false);
            _deliveries.ThrowIfFailed();
        }
    }

    private void Ended(Message<Null, byte[]?> message, Error error, Partition partition)
    {
        if (error.Code == ErrorCode.MsgSizeTooLarge && message.Value is not null) _tooLarge.Enqueue(WithoutBytes(message));
        else _deliveries.Ended(error, partition);
    }

    private bool TryProduce(Message<Null, byte[]?> message)
    {
        try
        {
            _producer!.Produce(options.Topic, message, report => Ended(message, report.Error, report.Partition));
        }
        catch (ProduceException<Null, byte[]?> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<Null, byte[]?> large) when (large.Error.Code == ErrorCode.MsgSizeTooLarge && message.Value is not null)
        {
            return TryProduce(WithoutBytes(message));
        }
        catch (ProduceException<Null, byte[]?> refused)
        {
            _deliveries.ThrowIfFailed();
            throw new DeliveryFailedException($"Topic {options.Topic}: a dead letter of {message.Value?.Length} bytes was refused: {refused.Error.Code}: {refused.Error.Reason}", refused);
        }
        return true;
    }
}
