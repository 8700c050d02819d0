using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Asks the brokers beside the poll loop: whether a partition at its end has more behind an open transaction, and whether there are new partitions.</summary>
/// <remarks>
/// Threading: its own task; answers wait in queues that the poll loop empties. The end is the high watermark, which an open transaction is part of; so a
/// partition whose last stable offset is below it is not caught up.
/// </remarks>
internal sealed class KafkaWatch(KafkaSourceOptions options, TimeProvider clock, KafkaClient client, TimeSpan refreshInterval)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);
    private const long AskIntervalMs = 1_000;
    private volatile KafkaPartition[] _read = [];

    /// <summary>High watermarks, each with the time of the question.</summary>
    public ConcurrentQueue<(KafkaPartition Partition, long AskedAt, long HighWatermark)> Ends { get; } = [];

    /// <summary>Partitions that were not there before, each with its first offset.</summary>
    public ConcurrentQueue<TopicPartitionOffset> Appeared { get; } = [];

    /// <summary>Says which partitions are read now.</summary>
    public void Follow(IEnumerable<KafkaPartition> partitions) => _read = [.. partitions];

    /// <summary>Asks until it is stopped.</summary>
    /// <param name="bounded">Only whether the brokers are back is of interest.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(bool bounded, CancellationToken stop)
    {
        long refreshedAt = clock.GetTimestamp();
        HashSet<TopicPartition> known = [.. _read.Select(static partition => partition.Id)];
        while (true)
        {
            await Task.Delay(Step, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) return;
            NoteEnds();
            try
            {
                await AskForEndsAsync(bounded, stop).ConfigureAwait(false);
                if (bounded || clock.GetElapsedTime(refreshedAt) < refreshInterval) continue;
                refreshedAt = clock.GetTimestamp();
                await LookForPartitionsAsync(known, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>What the client knows of the ends without asking, for the lag.</summary>
    private void NoteEnds()
    {
        foreach (KafkaPartition partition in _read)
            if (client.KnownEnd(partition.Id) is { } end) partition.Partition.KnownEnd = end;
    }

    private async Task AskForEndsAsync(bool bounded, CancellationToken stop)
    {
        long now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        List<KafkaPartition> due = [.. _read.Where(partition => !bounded && partition.AtEnd && now - partition.AskedAt >= AskIntervalMs)];
        if (due.Count == 0 && !client.Outage.Lasts) return;
        List<TopicPartition> asked = due.Count > 0 ? [.. due.Select(static partition => partition.Id)] : [.. _read.Take(1).Select(static partition => partition.Id)];
        foreach (KafkaPartition partition in due) partition.AskedAt = now;
        Dictionary<TopicPartition, long> ends = await client.OffsetsAsync(asked, OffsetSpec.Latest(), IsolationLevel.ReadUncommitted, stop).ConfigureAwait(false);
        foreach (KafkaPartition partition in due) Ends.Enqueue((partition, now, ends[partition.Id]));
    }

    private async Task LookForPartitionsAsync(HashSet<TopicPartition> known, CancellationToken stop)
    {
        IReadOnlyList<TopicPartition> all = await client.PartitionsAsync(options.Topics, stop).ConfigureAwait(false);
        List<TopicPartition> added = [.. all.Where(known.Add)];
        Dictionary<TopicPartition, long> first = await client.OffsetsAsync(added, OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted, stop).ConfigureAwait(false);
        foreach (TopicPartition partition in added) Appeared.Enqueue(new TopicPartitionOffset(partition, first[partition]));
    }
}
