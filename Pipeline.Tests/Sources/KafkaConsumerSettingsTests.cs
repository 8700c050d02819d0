using Confluent.Kafka;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
public sealed class KafkaConsumerSettingsTests
{
    [TestMethod]
    public void Properties_ArePassedOn_OverTheDefaults()
    {
        ConsumerConfig settings = KafkaConsumerSettings.Create(With(("isolation.level", "read_uncommitted"), ("client.id", "me")), "job");

        Assert.AreEqual(IsolationLevel.ReadUncommitted, settings.IsolationLevel);
        Assert.AreEqual("me", settings.ClientId);
        Assert.AreEqual("job", settings.GroupId);
        Assert.IsFalse(settings.EnableAutoCommit);
        Assert.IsTrue(settings.EnablePartitionEof);
        Assert.AreEqual(AutoOffsetReset.Error, settings.AutoOffsetReset);
    }

    [TestMethod]
    public void Default_ReadsCommitted() => Assert.AreEqual(IsolationLevel.ReadCommitted, KafkaConsumerSettings.Create(With(), "job").IsolationLevel);

    [TestMethod]
    [DataRow("enable.auto.commit", "true")]
    [DataRow("enable.partition.eof", "false")]
    [DataRow("auto.offset.reset", "latest")]
    [DataRow("group.id", "other")]
    [DataRow("bootstrap.servers", "other:1")]
    public void PropertyThatIsThePipelinesOwn_IsNamed(string name, string value)
    {
        ArgumentException failure = Assert.ThrowsExactly<ArgumentException>(() => KafkaConsumerSettings.Create(With((name, value)), "job"));

        Assert.Contains(name, failure.Message);
    }

    [TestMethod]
    [DataRow("no.such.property", "1")]
    [DataRow("fetch.min.bytes", "many")]
    public async Task PropertyThatTheClientRefuses_IsNamed(string name, string value)
    {
        var directory = new PartitionDirectory();
        var context = new SourceContext
        {
            Directory = directory,
            Pool = new RecordBatchPool(),
            Gate = new(directory, 0),
            Clock = TimeProvider.System,
            Streams = [0],
            Group = "job",
        };
        using var source = new KafkaSource(With((name, value)), context);

        ArgumentException failure = await Assert.ThrowsExactlyAsync<ArgumentException>(() => source.OpenAsync(CancellationToken.None));

        Assert.Contains(name, failure.Message);
    }

    private static KafkaSourceOptions With(params (string Name, string Value)[] properties) => new()
    {
        Bootstrap = "127.0.0.1:9092",
        Topics = ["t"],
        Properties = properties.ToDictionary(static property => property.Name, static property => property.Value),
    };
}
