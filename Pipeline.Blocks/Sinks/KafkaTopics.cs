using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Blocks.Sinks;

/// <summary>Sees to it that an output topic is there.</summary>
internal static class KafkaTopics
{
    /// <summary>How long brokers may take to answer at the start.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

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
            var config = new AdminClientConfig { BootstrapServers = options.Bootstrap };
            foreach ((string name, string value) in options.Properties)
                if (!name.StartsWith(ProducerOnly, StringComparison.Ordinal)) config.Set(name, value);
            using IAdminClient admin = new AdminClientBuilder(config).SetLogHandler(static (_, _) => { }).Build();
            try
            {
                // All topics are asked for: asking for one by name may create it.
                if (admin.GetMetadata(AnswerLimit).Topics.Exists(known => known.Topic == options.Topic)) return;
                if (!settings.CreateTopics)
                    throw new SinkRefusedException($"Topic {options.Topic} at {options.Bootstrap}: expected to exist, as create_topics is false; found none");
                await admin.CreateTopicsAsync([Missing(options, settings)]).ConfigureAwait(false);
                settings.Log($"Topic {options.Topic}: created at {options.Bootstrap}.");
            }
            catch (CreateTopicsException failed) when (failed.Results.TrueForAll(static topic => topic.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
            {
                // Another instance was faster.
            }
            catch (CreateTopicsException failed)
            {
                throw new SinkRefusedException($"Topic {options.Topic} at {options.Bootstrap} could not be created: {failed.Results[0].Error.Reason}", failed);
            }
            catch (KafkaException failed)
            {
                throw new SinkUnavailableException($"No answer from {options.Bootstrap} about topic {options.Topic} within {AnswerLimit}: {failed.Error.Reason}", failed) { Broker = true };
            }
        });

    private static TopicSpecification Missing(KafkaSinkOptions options, SinkSettings settings)
    {
        int largest = ProducerSettings.For(options, settings).MessageMaxBytes!.Value;
        return new TopicSpecification
        {
            Name = options.Topic,
            NumPartitions = -1,
            ReplicationFactor = -1,
            Configs = new() { ["max.message.bytes"] = largest.ToString(CultureInfo.InvariantCulture) },
        };
    }
}
