using System.Threading.Tasks.Dataflow;
using Confluent.Kafka;
using Pipeline.Blocks.Librdkafka;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads all partitions of Kafka topics, assigned by itself and not by a group.</summary>
/// <remarks>
/// Start: <see cref="SourceContext.Positions"/>, else as the options say. Bounded, the end is the last stable offset found by <see cref="OpenAsync"/>;
/// that it is reached is told by the client's end-of-partition position, for control records leave gaps between offsets. New partitions are looked for
/// every <see cref="RefreshInterval"/> and read from their first record.
/// Threading: a thread of its own polls (<see cref="KafkaPollLoop"/>), a task asks the brokers (<see cref="KafkaWatch"/>); <see cref="CommitAsync"/> may
/// be called from any thread until <see cref="Dispose"/>, which comes after the run.
/// Errors: an unreachable broker is waited out while running for <see cref="SourceContext.UnavailableLimit"/>, with one message when it goes and one when
/// it is back; at the start for <see cref="UnreachableLimit"/>; then <see cref="BrokerUnavailableException"/>. <see cref="SourceMissingException"/> for a topic that does not exist,
/// <see cref="SourceChangedException"/> for offsets the broker does not hold, <see cref="ArgumentException"/> for a property that cannot be.
/// </remarks>
public sealed class KafkaSource(KafkaSourceOptions options, SourceContext context) : ISource, IDisposable
{
    private KafkaClient? _client;
    private List<KafkaPartition> _partitions = [];

    /// <summary>Time between two looks for new partitions.</summary>
    internal TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the start waits for a broker.</summary>
    internal TimeSpan UnreachableLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads through the client record by record, also where batches can be had.</summary>
    internal bool RecordByRecord { get; init; }

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken stop)
    {
        _client = new KafkaClient(options, context);
        using var limit = new CancellationTokenSource(UnreachableLimit, context.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            _partitions = await new KafkaOpening(options, context, _client).FindAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (limit.IsCancellationRequested && !stop.IsCancellationRequested && (failure is OperationCanceledException || KafkaErrors.IsTransient(failure)))
        {
            _client.ServeErrors();
            throw new BrokerUnavailableException($"No broker of {options.Bootstrap} answered within {UnreachableLimit.TotalSeconds:0} s: {_client.Outage.LastError}", failure);
        }
    }

    /// <inheritdoc/>
    public async Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop)
    {
        KafkaClient client = _client ?? throw new InvalidOperationException("The source was not opened");
        var watch = new KafkaWatch(options, context.Clock, client, RefreshInterval);
        watch.Follow(_partitions);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task watching = watch.RunAsync(context.UntilEnd, done.Token);
        try
        {
            IKafkaReader reader = ReaderOf(client);
            using var held = reader as IDisposable;
            var loop = new KafkaPollLoop(context, reader, watch, new BatchOutbox(intake), client.Outage);
            await OnThreadOfItsOwn(() => loop.Run(_partitions, watching, stop)).ConfigureAwait(false);
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Commits positions for the consumer group, so that lag can be seen with Kafka's own tools. Nothing depends on it: a failure is only logged.</summary>
    /// <param name="positions">Partitions, this source's or not, each with the next offset to read.</param>
    /// <param name="stop">Ends waiting for a broker.</param>
    public async Task CommitAsync(IReadOnlyList<(SourcePartition Partition, long Position)> positions, CancellationToken stop = default)
    {
        KafkaClient client = _client ?? throw new InvalidOperationException("The source was not opened");
        TopicPartitionOffset[] own = [.. positions
            .Where(at => options.Topics.Contains(at.Partition.Source))
            .Select(static at => new TopicPartitionOffset(at.Partition.Source, at.Partition.Number, at.Position))];
        if (own.Length == 0) return;
        try
        {
            await client.CommitAsync(own, stop).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is KafkaException or TimeoutException)
        {
            context.Log.OffsetsNotCommitted(context.Group, failure.Message);
        }
    }

    /// <summary>Leaves the brokers.</summary>
    public void Dispose() => _client?.Dispose();

    private IKafkaReader ReaderOf(KafkaClient client)
    {
        if (!RecordByRecord && ClientLibrary.Problem is null) return new NativeReader(client, options.Topics);
        if (!RecordByRecord) context.Log.ReadRecordByRecord(string.Join(',', options.Topics), ClientLibrary.Problem!);
        return new ConfluentReader(client, options.Topics is [string only] ? only : null);
    }

    private static Task OnThreadOfItsOwn(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception failure)
            {
                // Whatever ended the thread ends the source's task.
                done.SetException(failure);
            }
        })
        { IsBackground = true, Name = "kafka-poll" }.Start();
        return done.Task;
    }
}
