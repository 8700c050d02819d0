using System.Text;
using Confluent.Kafka;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sinks;

[TestClass]
[TestCategory("Kafka")]
public sealed class KafkaDeadLetterSinkTests
{
    [TestMethod]
    public async Task Letter_HasTheOriginalBytesAndItsOriginInHeaders()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = $"dead-{Guid.NewGuid():N}";
        var directory = new PartitionDirectory();
        directory.Register("clicks", 7, [1], hasTimestamps: true);
        var settings = new DeadLetterSinkSettings { Clock = TimeProvider.System, StreamNames = ["exposure", "click"], Directory = directory };
        var batch = new DeadLetterBatch();
        batch.Add(DeadLetterReason.Malformed, 1, 0, 12, 5, [0xFF, 0x00, 0x41]);
        batch.Add(DeadLetterReason.Empty, 0, 0, 13, SourcePartition.NoTime, [], noValue: true);

        await using (IDeadLetterSink sink = DeadLetterSinks.Make(new KafkaSinkOptions { Bootstrap = server.Bootstrap, Topic = topic }, settings)!)
        {
            await sink.OpenAsync(default);
            await sink.WriteAsync(batch, default);
            await sink.FlushAsync(default);
        }

        var found = server.ReadAll(topic, readCommitted: true).ToDictionary(static letter => Header(letter, "offset"));
        Assert.HasCount(2, found);
        Assert.AreEqual("malformed click clicks 7 12", Describe(found["12"]));
        Assert.AreSequenceEqual(new byte[] { 0xFF, 0x00, 0x41 }, found["12"].Message.Value!);
        Assert.IsNull(found["12"].Message.Key);
        Assert.AreEqual("empty exposure clicks 7 13", Describe(found["13"]));
        Assert.IsNull(found["13"].Message.Value);
    }

    /// <summary>Refused by the broker, whose topic takes less than the client; and by the client, whose bound is the least it can have.</summary>
    [TestMethod]
    [DataRow(2_000, 16_000_000)]
    [DataRow(1_000_000, 1_000)]
    public async Task LetterThatIsTooLarge_GoesWithoutItsBytes_AndTheOthersWithTheirs(int topicTakes, int clientTakes)
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("dead", configuration: new() { ["max.message.bytes"] = $"{topicTakes}" });
        var directory = new PartitionDirectory();
        directory.Register("clicks", 7, [1], hasTimestamps: true);
        var settings = new DeadLetterSinkSettings { Clock = TimeProvider.System, StreamNames = ["exposure", "click"], Directory = directory };
        var options = new KafkaSinkOptions
        {
            Bootstrap = server.Bootstrap,
            Topic = topic,
            Properties = new Dictionary<string, string> { ["message.max.bytes"] = $"{clientTakes}", ["compression.type"] = "none" },
        };

        await using (IDeadLetterSink sink = DeadLetterSinks.Make(options, settings)!)
        {
            await sink.OpenAsync(default);
            foreach ((long offset, int length) in new[] { (12L, 3), (13L, 5_000), (14L, 4) })
            {
                var batch = new DeadLetterBatch();
                batch.Add(DeadLetterReason.Malformed, 1, 0, offset, 5, new byte[length]);
                await sink.WriteAsync(batch, default);
                await sink.FlushAsync(default);
            }
        }

        var found = server.ReadAll(topic, readCommitted: true).ToDictionary(static letter => Header(letter, "offset"));
        Assert.HasCount(3, found);
        Assert.HasCount(3, found["12"].Message.Value!);
        Assert.HasCount(4, found["14"].Message.Value!);
        Assert.IsNull(found["13"].Message.Value);
        Assert.AreEqual("malformed click clicks 7 13", Describe(found["13"]));
        Assert.AreEqual("5000", Header(found["13"], "size"));
    }

    private static string Describe(ConsumeResult<byte[]?, byte[]?> letter) =>
        string.Join(' ', new[] { "reason", "stream", "source", "partition", "offset" }.Select(name => Header(letter, name)));

    private static string Header(ConsumeResult<byte[]?, byte[]?> letter, string name) =>
        Encoding.UTF8.GetString(letter.Message.Headers.GetLastBytes("__pipeline.errors." + name));
}
