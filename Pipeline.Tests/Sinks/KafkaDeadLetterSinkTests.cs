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

    private static string Describe(ConsumeResult<byte[]?, byte[]?> letter) =>
        string.Join(' ', new[] { "reason", "stream", "source", "partition", "offset" }.Select(name => Header(letter, name)));

    private static string Header(ConsumeResult<byte[]?, byte[]?> letter, string name) =>
        Encoding.UTF8.GetString(letter.Message.Headers.GetLastBytes("__pipeline.errors." + name));
}
