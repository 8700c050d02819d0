using System.Text;

namespace Pipeline.Tests.Kafka;

[TestClass]
[TestCategory("Kafka")]
public sealed class KafkaServerTests
{
    [TestMethod]
    public void WhatIsProduced_IsRead()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("server", partitions: 2);

        server.Produce(topic, [new("k", "a", 1, 1_000), new(null, null, 0), new("k", "b", 1)]);

        var found = server.ReadAll(topic, readCommitted: true);
        Assert.AreEqual("0:,1:a,1:b", string.Join(',', found.Select(r => $"{r.Partition.Value}:{(r.Message.Value is { } v ? Encoding.UTF8.GetString(v) : null)}")));
        Assert.AreEqual(1_000, found[1].Message.Timestamp.UnixTimestampMs);
    }

    [TestMethod]
    public void KilledAndRestarted_KeepsItsDataAndAddress()
    {
        using KafkaServer server = KafkaServer.StartPrivate();
        server.CreateTopic("kept", 1);
        server.Produce("kept", [new("k", "v")]);

        server.Kill();
        server.Restart();

        Assert.HasCount(1, server.ReadAll("kept", readCommitted: true));
    }
}
