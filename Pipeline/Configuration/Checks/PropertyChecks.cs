using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;

namespace Pipeline.Configuration.Checks;

/// <summary>Asks librdkafka itself about its properties, and the pipeline which of them it sets; connects to nothing.</summary>
internal static class PropertyChecks
{
    private delegate string? Rule(string name, string value);

    /// <summary>Checks them all.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        for (int i = 0; i < job.Streams.Count; i++)
            if (job.Streams[i].Source is KafkaSourceOptions source) Check(source.Properties, KafkaConsumerSettings.WhyRefused, $"{JobChecks.Stream(i)}.source.kafka.properties", context);
        if (job.Sink is KafkaSinkOptions samples) Check(samples.Properties, OfProducer, "output.sink.kafka.properties", context);
        if (job.DeadLetter is KafkaSinkOptions letters) Check(letters.Properties, OfProducer, "dead_letter.kafka.properties", context);
    }

    private static string? OfProducer(string name, string value) =>
        name is "bootstrap.servers" or "transactional.id" ? "comes from the job, not from its properties" : null;

    private static void Check(IReadOnlyDictionary<string, string> properties, Rule rule, string path, ReadingContext context)
    {
        if (properties.Count == 0) return;
        try
        {
            using var configuration = new LibrdkafkaConfiguration();
            foreach ((string name, string value) in properties)
                if (rule(name, value) is { } refused)
                    context.Fail($"{path}.{name}", refused);
                else if (configuration.Set(name, value, out bool known) is { } reason)
                    context.Fail($"{path}.{name}", reason, known ? null : Suggestion.Closest(name, configuration.Names));
        }
        // Without the native client nothing else works either, and says so better; the file may still be checked.
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }
}
