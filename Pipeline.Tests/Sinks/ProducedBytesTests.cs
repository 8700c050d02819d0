using Confluent.Kafka;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sinks;

[TestClass]
[TestCategory("Kafka")]
public sealed class ProducedBytesTests
{
    private const int Samples = 100_000;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private readonly KafkaServer _server = KafkaServer.Shared;

    [TestMethod]
    public async Task BatchesAndTransactions_ProduceWhatSingleRecordsDo_ToTheSamePartitionsInTheSameOrder()
    {
        OutputBatch[] batches = [.. Batches(new Random(20))];
        KafkaSinkOptions expected = Topic(), batched = Topic(), transacted = Topic();
        var settings = new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1, Job = $"bytes-{Guid.NewGuid():N}" };

        using (var producer = new RecordProducer(expected, settings)) await ProduceAsync(producer, batches);
        using (var producer = new BatchProducer(batched, settings)) await ProduceAsync(producer, batches);
        using (var producer = new KafkaTransactionalProducer(transacted, settings, new SinkOutage("", settings)))
        {
            producer.Init();
            producer.Begin();
            foreach (OutputBatch batch in batches) Assert.AreEqual(batch.Count, producer.Produce(batch, 0));
            producer.Commit();
        }

        List<ConsumeResult<byte[]?, byte[]?>> one = _server.ReadAll(expected.Topic, readCommitted: true);
        Assert.HasCount(Samples, one);
        Assert.HasCount(5, one.Select(static record => record.Partition.Value).Distinct().ToList());
        AssertSame(one, _server.ReadAll(batched.Topic, readCommitted: true));
        AssertSame(one, _server.ReadAll(transacted.Topic, readCommitted: true));
    }

    private static async Task ProduceAsync(ISampleProducer producer, OutputBatch[] batches)
    {
        foreach (OutputBatch batch in batches) Assert.AreEqual(batch.Count, producer.Produce(batch, 0));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!await Task.Run(() => producer.Flush(Slice))) deadline.Token.ThrowIfCancellationRequested();
        producer.ThrowIfFailed();
    }

    private static void AssertSame(List<ConsumeResult<byte[]?, byte[]?>> expected, List<ConsumeResult<byte[]?, byte[]?>> found)
    {
        Assert.HasCount(expected.Count, found);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.AreEqual(expected[i].Partition.Value, found[i].Partition.Value, $"partition of record {i}");
            Assert.AreSequenceEqual(expected[i].Message.Key!, found[i].Message.Key!);
            Assert.AreSequenceEqual(expected[i].Message.Value!, found[i].Message.Value!);
            Assert.AreEqual(expected[i].Message.Headers.Count, found[i].Message.Headers.Count);
        }
    }

    /// <summary>Keys and values of any bytes and lengths, empty ones too; batches of any size.</summary>
    private static IEnumerable<OutputBatch> Batches(Random random)
    {
        for (int left = Samples; left > 0;)
        {
            var batch = new OutputBatch();
            for (int count = Math.Min(left, random.Next(1, 3000)); count > 0; count--, left--)
            {
                int keyLength = random.Next(0, 40), valueLength = random.Next(0, 300), start = batch.BytesUsed;
                random.NextBytes(batch.Room(keyLength + valueLength)[..(keyLength + valueLength)]);
                batch.BytesUsed += keyLength + valueLength;
                batch.Add(new OutputRecord(start, keyLength, start + keyLength, valueLength));
            }
            yield return batch;
        }
    }

    private KafkaSinkOptions Topic() => new() { Bootstrap = _server.Bootstrap, Topic = _server.NewTopic("bytes", partitions: 5) };
}
