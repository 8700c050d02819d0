using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>The same log from topics to a topic, in both modes of delivery by turns; the output topic is made anew for every run.</summary>
internal static class KafkaToKafka
{
    private const string Samples = "perf-samples";

    public static async Task<int> RunAsync(string bootstrap, long exposures, int runs, string[] flags)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        try
        {
            await DropAsync(admin, "exposure", "click", Samples);
            await PipelineProcess.RunAsync("generate", "--exposures", $"{exposures}", "--bootstrap", bootstrap);
            string job = WriteJob(folder, "kafka", bootstrap, Samples);
            string[] deliveries = ["at-least-once", "exactly-once"];
            Dictionary<string, List<RunResult>> results = deliveries.ToDictionary(static delivery => delivery, static _ => new List<RunResult>());
            for (int run = 0; run <= runs; run++)
                foreach (string delivery in deliveries)
                {
                    await DropAsync(admin, Samples);
                    RunResult result = await PipelineProcess.RunToEndAsync(job, ["--set", $"delivery={delivery}", .. flags]);
                    if (run > 0) results[delivery].Add(result);
                    if (run == runs) Console.WriteLine($"{delivery}: {await PipelineProcess.VerifyAsync(job, "kafka")}");
                }
            foreach (string delivery in deliveries) RunResult.Print($"Kafka → Kafka, {delivery}", results[delivery]);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes the job from the topics of <c>generate</c> to a topic.</summary>
    public static string WriteJob(string folder, string name, string bootstrap, string samples, string more = "") =>
        Jobs.Write(folder, name, Source(bootstrap, "exposure"), Source(bootstrap, "click"), $"kafka: {{ bootstrap: \"{bootstrap}\", topic: {samples} }}", more);

    private static string Source(string bootstrap, string topic) => $"kafka: {{ bootstrap: \"{bootstrap}\", topics: [{topic}], start: earliest }}";

    /// <summary>Deletes topics and waits until the broker no longer knows them, lest the next one of the name be met half-deleted.</summary>
    public static async Task DropAsync(IAdminClient admin, params string[] topics)
    {
        try
        {
            await admin.DeleteTopicsAsync(topics);
        }
        catch (DeleteTopicsException absent) when (absent.Results.All(result => result.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
        {
            // Nothing to delete.
        }
        while (admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Exists(topic => topics.Contains(topic.Topic))) await Task.Delay(100);
    }
}
