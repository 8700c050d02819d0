using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Commands;

/// <summary>One topic a job reads or writes.</summary>
/// <param name="Bootstrap">Where it is.</param>
/// <param name="Properties">How to get there; may hold secrets.</param>
/// <param name="Topic">Its name.</param>
/// <param name="Written">Whether the job writes it, and may create it.</param>
internal sealed record TopicUse(string Bootstrap, IReadOnlyDictionary<string, string> Properties, string Topic, bool Written)
{
    /// <summary>Equal for uses that one client can look at. May hold secrets.</summary>
    public string Cluster => string.Join('\n', Properties.OrderBy(property => property.Key, StringComparer.Ordinal).Select(property => $"{property}").Prepend(Bootstrap));

    /// <summary>Every topic of a job.</summary>
    public static IEnumerable<TopicUse> Of(JobOptions job)
    {
        foreach (KafkaSourceOptions source in job.Streams.Select(stream => stream.Source).OfType<KafkaSourceOptions>().Distinct())
            foreach (string topic in source.Topics)
                yield return new TopicUse(source.Bootstrap, source.Properties, topic, Written: false);
        if (job.Sink is KafkaSinkOptions samples)
        {
            yield return new TopicUse(samples.Bootstrap, samples.Properties, samples.Topic, Written: true);
            if (job.Delivery == DeliveryMode.ExactlyOnce) yield return new TopicUse(samples.Bootstrap, samples.Properties, $"{job.Job}.progress", Written: true);
        }
        if (job.DeadLetter is KafkaSinkOptions letters) yield return new TopicUse(letters.Bootstrap, letters.Properties, letters.Topic, Written: true);
    }
}
