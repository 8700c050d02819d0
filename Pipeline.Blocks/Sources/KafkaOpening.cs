using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sources;

/// <summary>Finds the partitions of a Kafka source, where each begins and, in a bounded run, where it ends.</summary>
internal sealed class KafkaOpening(KafkaSourceOptions options, SourceContext context, KafkaClient client)
{
    /// <summary>Registers the partitions that are read.</summary>
    /// <exception cref="SourceMissingException">A topic does not exist.</exception>
    /// <exception cref="SourceChangedException">A position to resume at is no longer held by the broker, or was never reached.</exception>
    public async Task<List<KafkaPartition>> FindAsync(CancellationToken stop)
    {
        IReadOnlyList<TopicPartition> ids = await client.PartitionsAsync(options.Topics, stop).ConfigureAwait(false);
        if (context.UntilEnd && context.Ends.Count > 0) ids = [.. ids.Where(id => context.Ends.ContainsKey(Key(id)))];
        Dictionary<TopicPartition, long> first = await client.OffsetsAsync(ids, OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted, stop).ConfigureAwait(false);
        Dictionary<TopicPartition, long> stable = await client.OffsetsAsync(ids, OffsetSpec.Latest(), client.Isolation, stop).ConfigureAwait(false);
        Dictionary<TopicPartition, long> last = await client.OffsetsAsync(ids, OffsetSpec.Latest(), IsolationLevel.ReadUncommitted, stop).ConfigureAwait(false);
        Dictionary<TopicPartition, long> start = await StartsAsync(ids, stable, stop).ConfigureAwait(false);

        IReadOnlyDictionary<string, string> identities = await client.TopicIdsAsync(options.Topics, stop).ConfigureAwait(false);
        RefuseMissing(ids);

        List<KafkaPartition> found = [];
        foreach (TopicPartition id in ids)
        {
            if (context.Identities.TryGetValue(Key(id), out string? identity) && identity != identities[id.Topic])
                throw new SourceChangedException($"{id.Topic}-{id.Partition.Value}", $"the topic with id {identity}", $"another of that name, with id {identities[id.Topic]}");
            long position = PositionOf(id, start.GetValueOrDefault(id, -1), first[id], last[id]);
            SourcePartition partition = context.Directory.Register(id.Topic, id.Partition.Value, context.Streams, hasTimestamps: true);
            partition.End = !context.UntilEnd ? SourcePartition.NoEnd : context.Ends.GetValueOrDefault(Key(id), stable[id]);
            if (context.UntilEnd && partition.End > last[id]) throw new SourceChangedException($"{partition}", $"offsets up to {partition.End}", $"{first[id]} to {last[id]}");
            partition.Start = position;
            partition.Identity = identities[id.Topic];
            context.Log.ReadFrom(partition.Source, partition.Number, position);
            found.Add(new KafkaPartition(partition, position));
        }
        return found;
    }

    /// <summary>A partition with a position must be there: a topic that was made anew with fewer is not the one that was read.</summary>
    private void RefuseMissing(IReadOnlyList<TopicPartition> ids)
    {
        foreach ((string source, int number) in context.Positions.Keys)
            if (options.Topics.Contains(source) && !ids.Any(id => id.Topic == source && id.Partition.Value == number))
                throw new SourceChangedException($"{source}-{number}", "the partition, which was read before", "none");
    }

    private async Task<Dictionary<TopicPartition, long>> StartsAsync(IReadOnlyList<TopicPartition> ids, Dictionary<TopicPartition, long> stable, CancellationToken stop)
    {
        if (context.Positions.Count > 0) return [];
        switch (options.Start.At)
        {
            case StartAt.Latest: return stable;
            case StartAt.Committed when context.FromScratch: return [];
            case StartAt.Committed: return await client.CommittedAsync(ids, stop).ConfigureAwait(false);
            case StartAt.Time:
                var from = new Timestamp(options.Start.Time.ToUnixTimeMilliseconds(), TimestampType.CreateTime);
                Dictionary<TopicPartition, long> at = await client.OffsetsAsync(ids, OffsetSpec.ForTimestamp(from.UnixTimestampMs), client.Isolation, stop).ConfigureAwait(false);
                foreach (TopicPartition id in ids)
                    if (at[id] < 0)
                        at[id] = stable[id];
                return at;
            default: return [];
        }
    }

    private long PositionOf(TopicPartition id, long start, long first, long last)
    {
        if (context.Positions.TryGetValue(Key(id), out long position))
        {
            return position >= first && position <= last
                ? position
                : throw new SourceChangedException($"{id.Topic}-{id.Partition.Value}", $"offset {position} to resume at", $"offsets {first} to {last}");
        }
        if (start >= first && start <= last) return start;
        if (start >= 0) context.Log.OffsetNotHeld(id.Topic, id.Partition.Value, start, first, last);
        return first;
    }

    private static (string Source, int Number) Key(TopicPartition id) => (id.Topic, id.Partition.Value);
}
