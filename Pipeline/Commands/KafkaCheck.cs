using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Commands;

/// <summary>Looks at the topics of one cluster through its admin API: present, or creatable.</summary>
/// <param name="cluster">Any use of the cluster.</param>
internal sealed class KafkaCheck(TopicUse cluster) : IDisposable
{
    /// <summary>How long a person waits for the answer of a broker that is there; one that is not takes this long.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly List<string> _reasons = [];
    private IAdminClient? _client;

    /// <summary>Every failure; messages of librdkafka may quote a property, so the caller masks secrets.</summary>
    public async Task<IReadOnlyList<string>> FindFailuresAsync(IReadOnlyList<TopicUse> uses, bool createTopics)
    {
        try
        {
            _client = Connect();
            var failures = new List<string>();
            HashSet<string> missing = await FindMissingAsync(uses, failures);
            foreach (TopicUse use in uses.Where(use => missing.Contains(use.Topic)))
                if (!use.Written) failures.Add($"{cluster.Bootstrap}: topic {use.Topic} does not exist");
                else if (!createTopics) failures.Add($"{cluster.Bootstrap}: topic {use.Topic} does not exist, and create_topics is false");
                else if (await WhyNotCreatableAsync(use.Topic) is { } reason) failures.Add($"{cluster.Bootstrap}: topic {use.Topic} cannot be created: {reason}");
            return failures;
        }
        // The client library reports a property it refuses with either of the latter two.
        catch (Exception failure) when (failure is KafkaException or InvalidOperationException or ArgumentException)
        {
            string cause = LastReason() is { } reason ? $"{failure.Message} ({reason})" : failure.Message;
            return [$"{cluster.Bootstrap}: {cause}"];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client?.Dispose();

    private IAdminClient Connect()
    {
        var configuration = new AdminClientConfig(cluster.Properties.ToDictionary()) { BootstrapServers = cluster.Bootstrap };
        return new AdminClientBuilder(configuration)
            .SetErrorHandler((_, error) => Note(error.Reason))
            // Also says which properties are a consumer's or producer's only: true, and no news.
            .SetLogHandler((_, _) => { })
            .Build();
    }

    private async Task<HashSet<string>> FindMissingAsync(IReadOnlyList<TopicUse> uses, List<string> failures)
    {
        // Unlike a metadata request of a producer, a description never creates what it asks for.
        TopicCollection topics = TopicCollection.OfTopicNames(uses.Select(use => use.Topic).Distinct());
        List<TopicDescription> found;
        try
        {
            found = (await _client!.DescribeTopicsAsync(topics, new DescribeTopicsOptions { RequestTimeout = Limit })).TopicDescriptions;
        }
        catch (DescribeTopicsException partial)
        {
            found = partial.Results.TopicDescriptions;
        }
        var missing = new HashSet<string>();
        foreach (TopicDescription topic in found.Where(topic => topic.Error.IsError))
            if (topic.Error.Code == ErrorCode.UnknownTopicOrPart) missing.Add(topic.Name);
            else failures.Add($"{cluster.Bootstrap}: topic {topic.Name}: {topic.Error.Reason}");
        return missing;
    }

    private async Task<string?> WhyNotCreatableAsync(string topic)
    {
        try
        {
            // -1: as the broker's own settings say.
            await _client!.CreateTopicsAsync(
                [new TopicSpecification { Name = topic, NumPartitions = -1, ReplicationFactor = -1 }],
                new CreateTopicsOptions { ValidateOnly = true, RequestTimeout = Limit });
            return null;
        }
        catch (CreateTopicsException refused)
        {
            return refused.Results[0].Error.Reason;
        }
    }

    private void Note(string reason)
    {
        lock (_reasons) _reasons.Add(reason);
    }

    private string? LastReason()
    {
        // "All brokers are down" comes last and says nothing that the one before does not.
        lock (_reasons) return _reasons.FindLast(reason => !reason.Contains("brokers are down", StringComparison.Ordinal));
    }
}
