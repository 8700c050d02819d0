using System.Diagnostics;
using Confluent.Kafka;

namespace Pipeline.Tests.Crashes;

/// <summary>A read_committed consumer of the output topic.</summary>
internal sealed class TopicOutput : ICommittedOutput
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly string _topic;
    private readonly List<SeenSample> _seen = [];
    private readonly long[] _end = new long[CrashScenario.Partitions];
    private readonly CancellationTokenSource _enough = new();
    private readonly Task _reading;
    private readonly DistinctCount _distinct = new();
    private long _count;

    public TopicOutput(CrashJob job)
    {
        _topic = job.SampleTopic;
        var config = new ConsumerConfig
        {
            BootstrapServers = job.Bootstrap,
            GroupId = $"{_topic}-observer",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Error,
            FetchWaitMaxMs = 20,
        };
        _consumer = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).Build();
        _consumer.Assign(Enumerable.Range(0, CrashScenario.Partitions).Select(partition => new TopicPartitionOffset(_topic, partition, 0)));
        _reading = Task.Factory.StartNew(Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public long Count => Interlocked.Read(ref _count);

    /// <inheritdoc/>
    public long Distinct => _distinct.Value;

    /// <inheritdoc/>
    public string? Violation => _reading.IsFaulted ? $"the observer of {_topic}: {_reading.Exception!.GetBaseException().Message}" : null;

    /// <inheritdoc/>
    public async Task CatchUpAsync()
    {
        long[] ends = [.. Enumerable.Range(0, CrashScenario.Partitions).Select(partition => _consumer.QueryWatermarkOffsets(new TopicPartition(_topic, partition), AnswerLimit).High.Value)];
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            long[] reached = [.. Enumerable.Range(0, ends.Length).Select(partition => Interlocked.Read(ref _end[partition]))];
            if (ends.Zip(reached).All(static pair => pair.Second >= pair.First)) return;
            if (Stopwatch.GetElapsedTime(began) > AnswerLimit)
                throw new CrashFailureException($"{_topic} ends at {string.Join(',', ends)}, a read_committed consumer gets to {string.Join(',', reached)} only: a transaction is left open");
            await Task.Delay(10).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeenSample> Seen()
    {
        lock (_seen) return [.. _seen];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _consumer.Dispose();
        _enough.Dispose();
    }

    private void Read()
    {
        while (!_enough.IsCancellationRequested)
        {
            if (_consumer.Consume(TimeSpan.FromMilliseconds(50)) is not { } next) continue;
            if (!next.IsPartitionEOF)
            {
                lock (_seen) _seen.Add(new SeenSample($"partition {next.Partition.Value}", next.Message.Key, next.Message.Value ?? []));
                _distinct.Add(next.Message.Value);
                Interlocked.Increment(ref _count);
            }
            Interlocked.Exchange(ref _end[next.Partition.Value], next.IsPartitionEOF ? next.Offset.Value : next.Offset.Value + 1);
        }
    }
}
