using Pipeline.Blocks.Librdkafka;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Chooses how samples are produced at least once.</summary>
internal static class SampleProducers
{
    /// <summary>In batches, or record by record where that cannot be had: then it is said why.</summary>
    public static ISampleProducer Create(KafkaSinkOptions options, SinkSettings settings)
    {
        if (WhyNoBatches(options) is not { } reason) return new BatchProducer(options, settings);
        settings.Log.RecordByRecord(options.Topic, reason);
        return new RecordProducer(options, settings);
    }

    private static string? WhyNoBatches(KafkaSinkOptions options) =>
        options.Properties.Any(static property => property.Key is "sasl.mechanism" or "sasl.mechanisms" && property.Value.Contains("OAUTHBEARER", StringComparison.OrdinalIgnoreCase))
            ? "OAUTHBEARER may need tokens that only Confluent.Kafka fetches"
            : ClientLibrary.Problem;
}
