using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Sees to it that the topics of a sink are there.</summary>
internal static class KafkaTopics
{
    /// <summary>How long brokers may take to answer at the start.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

    private const string Compact = "compact";

    // Properties of Confluent.Kafka's own producer, which its admin client refuses; it ignores librdkafka's.
    private const string ProducerOnly = "dotnet.";

    /// <summary>
    /// Creates the topic when it is missing: with the broker's number of partitions and replicas, and room for any record that the producer lets pass.
    /// </summary>
    /// <remarks>
    /// Errors: <see cref="SinkUnavailableException"/> when no broker answers within <see cref="AnswerLimit"/>; <see cref="SinkRefusedException"/> when the
    /// topic is missing and may not, or could not, be created.
    /// </remarks>
    public static Task EnsureAsync(KafkaSinkOptions options, SinkSettings settings) =>
        Task.Run(async () =>
        {
            using IAdminClient admin = Admin(options);
            await EnsureAsync(admin, options.Bootstrap, Missing(options, settings), settings).ConfigureAwait(false);
        });

    /// <summary>As <see cref="EnsureAsync(KafkaSinkOptions, SinkSettings)"/>, for the samples' topic and the progress topic, which must be compacted and have one partition.</summary>
    public static Task EnsureWithProgressAsync(KafkaSinkOptions options, SampleSinkSettings settings) =>
        Task.Run(async () =>
        {
            using IAdminClient admin = Admin(options);
            await EnsureAsync(admin, options.Bootstrap, Missing(options, settings), settings, settings.Expected == ExpectedOutput.Progress).ConfigureAwait(false);
            TopicSpecification progress = MissingProgress(options, settings);
            if (await EnsureAsync(admin, options.Bootstrap, progress, settings).ConfigureAwait(false) is { } found)
                await RefuseOtherThanProgressAsync(admin, options.Bootstrap, found).ConfigureAwait(false);
        });

    /// <summary>The name of a job's progress topic.</summary>
    public static string ProgressOf(string job) => job + ".progress";

    private static IAdminClient Admin(KafkaSinkOptions options)
    {
        var config = new AdminClientConfig { BootstrapServers = options.Bootstrap };
        foreach ((string name, string value) in options.Properties)
            if (!name.StartsWith(ProducerOnly, StringComparison.Ordinal)) config.Set(name, value);
        return new AdminClientBuilder(config).SetLogHandler(static (_, _) => { }).Build();
    }

    /// <summary>Creates a topic unless it is there: then this is it.</summary>
    private static async Task<TopicMetadata?> EnsureAsync(IAdminClient admin, string bootstrap, TopicSpecification wanted, SinkSettings settings, bool mustBeThere = false)
    {
        string topic = wanted.Name;
        try
        {
            // All topics are asked for: asking for one by name may create it.
            if (admin.GetMetadata(AnswerLimit).Topics.Find(known => known.Topic == topic) is { } found) return found;
            if (mustBeThere)
                throw new SinkRefusedException($"Topic {topic} at {bootstrap}: expected to exist, as samples are committed to it; found none. Restore it, or say --from-scratch (samples may repeat)");
            if (!settings.CreateTopics)
                throw new SinkRefusedException($"Topic {topic} at {bootstrap}: expected to exist, as create_topics is false; found none");
            await admin.CreateTopicsAsync([wanted]).ConfigureAwait(false);
            settings.Log.TopicCreated(topic, bootstrap);
        }
        catch (CreateTopicsException failed) when (failed.Results.TrueForAll(static topic => topic.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // Another instance was faster, and makes the same one.
        }
        catch (CreateTopicsException failed)
        {
            throw new SinkRefusedException($"Topic {topic} at {bootstrap} could not be created: {failed.Results[0].Error.Reason}", failed);
        }
        catch (KafkaException failed)
        {
            throw Unanswered(bootstrap, topic, failed);
        }
        return null;
    }

    private static async Task RefuseOtherThanProgressAsync(IAdminClient admin, string bootstrap, TopicMetadata found)
    {
        string topic = found.Topic;
        if (found.Partitions.Count != 1) throw new SinkRefusedException($"Topic {topic} at {bootstrap}: expected 1 partition, as it holds progress; found {found.Partitions.Count}");
        try
        {
            var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
            List<DescribeConfigsResult> described = await admin.DescribeConfigsAsync([resource]).ConfigureAwait(false);
            string policy = described[0].Entries["cleanup.policy"].Value;
            if (policy != Compact) throw new SinkRefusedException($"Topic {topic} at {bootstrap}: expected cleanup.policy={Compact}, as it holds progress; found {policy}");
        }
        catch (KafkaException failed)
        {
            throw Unanswered(bootstrap, topic, failed);
        }
    }

    private static SinkUnavailableException Unanswered(string bootstrap, string topic, KafkaException failed) =>
        new($"No answer from {bootstrap} about topic {topic} within {AnswerLimit}: {failed.Error.Reason}", failed) { Broker = true };

    private static TopicSpecification MissingProgress(KafkaSinkOptions options, SampleSinkSettings settings) => new()
    {
        Name = ProgressOf(settings.Job),
        NumPartitions = 1,
        ReplicationFactor = -1,
        Configs = new()
        {
            ["cleanup.policy"] = Compact,
            // Only closed segments are compacted, and a start reads the topic: at 8 KiB a commit this is a quarter of an hour of them.
            ["segment.bytes"] = "16777216",
            ["max.message.bytes"] = Largest(options, settings),
        },
    };

    private static string Largest(KafkaSinkOptions options, SinkSettings settings) =>
        ProducerSettings.For(options, settings).MessageMaxBytes!.Value.ToString(CultureInfo.InvariantCulture);

    private static TopicSpecification Missing(KafkaSinkOptions options, SinkSettings settings) => new()
    {
        Name = options.Topic,
        NumPartitions = -1,
        ReplicationFactor = -1,
        Configs = new() { ["max.message.bytes"] = Largest(options, settings) },
    };
}
