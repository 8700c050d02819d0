using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>The librdkafka properties of a Kafka source: the job's own over defaults that suit it, and a few that it cannot change.</summary>
public static class KafkaConsumerSettings
{
    private static readonly Dictionary<string, string> Fixed = new()
    {
        ["enable.auto.commit"] = "false",
        ["enable.auto.offset.store"] = "false",
        ["enable.partition.eof"] = "true",
        ["auto.offset.reset"] = "error",
        ["allow.auto.create.topics"] = "false",
    };

    // Of each partition; the queue holds native memory: 4 MiB are 16,000 records of 247 B, a fifth of a second of one of four partitions at 350,000 records/s. A full one is looked at again after
    // the backoff, whose default of 1 s would make the flow stutter. Other values were not measured.
    private static readonly Dictionary<string, string> Defaults = new()
    {
        ["isolation.level"] = "read_committed",
        ["queued.max.messages.kbytes"] = "4096",
        ["fetch.queue.backoff.ms"] = "10",
        ["reconnect.backoff.max.ms"] = "2000",
        ["socket.keepalive.enable"] = "true",
    };

    /// <summary>Null, or why a job may not set a property to a value: the pipeline's exactness hangs on it.</summary>
    public static string? WhyRefused(string name, string value) =>
        Fixed.TryGetValue(name, out string? needed) && value != needed ? $"must be {needed}"
        : name is "group.id" or "bootstrap.servers" ? "comes from the job, not from its properties"
        : null;

    /// <summary>The whole configuration of the consumer.</summary>
    /// <exception cref="ArgumentException">A property is the pipeline's own to set; the message names it.</exception>
    public static ConsumerConfig Create(KafkaSourceOptions options, string group)
    {
        var all = new Dictionary<string, string>(Defaults);
        foreach ((string name, string value) in options.Properties)
        {
            if (WhyRefused(name, value) is { } reason) throw new ArgumentException($"Kafka property {name} {reason}, found {value}");
            all[name] = value;
        }
        foreach ((string name, string value) in Fixed) all[name] = value;
        return new ConsumerConfig(all)
        {
            BootstrapServers = options.Bootstrap,
            GroupId = group,
            // The client makes a string of the topic for each message; with one topic there is no need to.
            ConsumeResultFields = options.Topics.Count == 1 ? "timestamp" : "timestamp,topic",
        };
    }
}
