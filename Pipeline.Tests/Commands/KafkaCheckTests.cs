using Pipeline.Commands;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Commands;

[TestClass]
[TestCategory("Kafka")]
public sealed class KafkaCheckTests
{
    [TestMethod]
    public async Task TopicsThatExistOrCanBeCreated_AreReady()
    {
        using var job = new JobText();

        CommandRun run = await CommandRun.Of("validate", job.Write(Job(KafkaServer.Shared.NewTopic("exposure"), KafkaServer.Shared.NewTopic("click"), "not-there-yet")));

        Assert.AreEqual(ExitCodes.Done, run.ExitCode, run.Error);
        Assert.IsFalse(TopicExists("not-there-yet"), "validate created the topic of samples");
        Assert.IsFalse(TopicExists("small.progress"), "validate created the topic of progress");
    }

    [TestMethod]
    public async Task MissingSourceTopic_IsNamedAndNotCreated()
    {
        using var job = new JobText();

        CommandRun run = await CommandRun.Of("validate", job.Write(Job(KafkaServer.Shared.NewTopic("exposure"), "never-made", "samples")));

        Assert.AreEqual(ExitCodes.CheckFailed, run.ExitCode);
        Assert.Contains($"environment: {KafkaServer.Shared.Bootstrap}: topic never-made does not exist\n", run.Error);
        Assert.IsFalse(TopicExists("never-made"), "validate created a topic it was to read");
    }

    [TestMethod]
    public async Task SinkTopicThatMayNotBeCreated_IsNamed()
    {
        using var job = new JobText();
        string text = Job(KafkaServer.Shared.NewTopic("exposure"), KafkaServer.Shared.NewTopic("click"), "not-made-either");

        CommandRun run = await CommandRun.Of("validate", job.Write(text), "--set", "create_topics=false");

        Assert.AreEqual(ExitCodes.CheckFailed, run.ExitCode);
        Assert.Contains("topic not-made-either does not exist, and create_topics is false\n", run.Error);
        Assert.Contains("topic small.progress does not exist, and create_topics is false\n", run.Error);
    }

    private static string Job(string exposure, string click, string samples) => JobText.Small
        .Replace("files: { paths: [exposure.jsonl] }", $"kafka: {{ bootstrap: '{KafkaServer.Shared.Bootstrap}', topics: [{exposure}] }}", StringComparison.Ordinal)
        .Replace("files: { paths: [click.jsonl] }", $"kafka: {{ bootstrap: '{KafkaServer.Shared.Bootstrap}', topics: [{click}] }}", StringComparison.Ordinal)
        .Replace("files: { dir: out }", $"kafka: {{ bootstrap: '{KafkaServer.Shared.Bootstrap}', topic: {samples} }}", StringComparison.Ordinal);

    private static bool TopicExists(string topic)
    {
        using var admin = new Confluent.Kafka.AdminClientBuilder([new("bootstrap.servers", KafkaServer.Shared.Bootstrap)]).Build();
        return admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Exists(known => known.Topic == topic);
    }
}
