using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sinks;

/// <summary>The sink on real topics, through either producer.</summary>
public abstract class KafkaSinkTests(bool recordByRecord)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    [TestMethod]
    public async Task SamplesOfAKey_AreInOnePartitionInOrderWithoutHeaders()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("samples", partitions: 4);
        (string Key, string Value)[] samples = [.. Enumerable.Range(0, 5000).Select(static n => ($"u{n % 97}|i{n % 89}", $"{{\"n\":{n}}}"))];

        await using (KafkaSink sink = await Open(server, topic))
        {
            foreach ((string, string)[] part in samples.Chunk(700)) await sink.WriteAsync(OutputBatches.Of(0, part), default);
            await sink.FlushAsync(default);
        }

        var found = server.ReadAll(topic, readCommitted: true);
        Assert.HasCount(samples.Length, found);
        var byKey = found.GroupBy(static record => Text(record.Message.Key)!).ToDictionary(static group => group.Key);
        Assert.IsGreaterThan(1, found.Select(static record => record.Partition.Value).Distinct().Count());
        foreach (IGrouping<string, (string Key, string Value)> expected in samples.GroupBy(static sample => sample.Key))
        {
            Assert.HasCount(1, byKey[expected.Key].Select(static record => record.Partition.Value).Distinct().ToList(), expected.Key);
            Assert.AreEqual(string.Join(',', expected.Select(static sample => sample.Value)), string.Join(',', byKey[expected.Key].Select(static record => Text(record.Message.Value))));
        }
        Assert.IsTrue(found.TrueForAll(static record => record.Message.Headers.Count == 0));
    }

    [TestMethod]
    public async Task Partition_IsThatOfTheJavaClient()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("samples", partitions: 4);

        await using KafkaSink sink = await Open(server, topic);
        await sink.WriteAsync(OutputBatches.Of(0, Enumerable.Range(0, 50).Select(static n => ($"u{n}|i{n}", "v"))), default);
        await sink.FlushAsync(default);

        foreach (ConsumeResult<byte[]?, byte[]?> record in server.ReadAll(topic, readCommitted: true))
            Assert.AreEqual((int)((Murmur2(record.Message.Key!) & 0x7fffffff) % 4), record.Partition.Value, Text(record.Message.Key));
    }

    [TestMethod]
    public async Task MissingTopic_IsCreatedWithTheBrokersPartitions()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = $"created-{Guid.NewGuid():N}";

        await using (KafkaSink sink = await Open(server, topic))
        {
            await sink.WriteAsync(OutputBatches.Of(0, "a"), default);
            await sink.FlushAsync(default);
        }

        Assert.HasCount(1, server.ReadAll(topic, readCommitted: true));
    }

    [TestMethod]
    public async Task CreatedTopic_TakesASampleOfTheLargestRecord()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = $"created-{Guid.NewGuid():N}";
        // Digits of random bytes: larger than a broker takes by default, also when compressed.
        byte[] random = new byte[1 << 20];
        new Random(1).NextBytes(random);

        await using (KafkaSink sink = await Open(server, topic))
        {
            await sink.WriteAsync(OutputBatches.Of(0, Convert.ToHexString(random)), default);
            await sink.FlushAsync(default);
        }

        Assert.HasCount(2 << 20, server.ReadAll(topic, readCommitted: true).Single().Message.Value!);
    }

    [TestMethod]
    public async Task SampleLargerThanTheTopicTakes_IsNamedWithTopicAndSize()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("samples", configuration: new() { ["max.message.bytes"] = "1000" });
        byte[] random = new byte[5_000];
        new Random(1).NextBytes(random);

        await using KafkaSink sink = await Open(server, topic);
        await sink.WriteAsync(OutputBatches.Of(0, Convert.ToHexString(random)), default);
        DeliveryFailedException thrown = await Assert.ThrowsExactlyAsync<DeliveryFailedException>(() => sink.FlushAsync(default));

        Assert.Contains($"Topic {topic}", thrown.Message);
        Assert.Contains("the largest value sent has 10000 bytes", thrown.Message);
    }

    [TestMethod]
    public async Task MissingTopicThatMayNotBeCreated_IsRefused()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = $"missing-{Guid.NewGuid():N}";

        SinkRefusedException refused = await Assert.ThrowsExactlyAsync<SinkRefusedException>(() => Open(server, topic, createTopics: false));

        Assert.Contains(topic, refused.Message);
    }

    [TestMethod]
    public async Task RefusedSample_IsNamedWithTopicAndPartition()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("small", configuration: new() { ["max.message.bytes"] = "1000" });

        await using KafkaSink sink = await Open(server, topic, properties: new() { ["compression.type"] = "none" });
        await sink.WriteAsync(OutputBatches.Of(0, new string('x', 5000)), default);
        DeliveryFailedException failed = await Assert.ThrowsExactlyAsync<DeliveryFailedException>(() => sink.FlushAsync(default));

        Assert.Contains($"Topic {topic}, partition 0 at {server.Bootstrap}", failed.Message);
        Assert.Contains("MsgSizeTooLarge", failed.Message);
    }

    [TestMethod]
    public async Task FullLocalQueue_WaitsAndLosesNothing()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("queue", partitions: 2);

        await using KafkaSink sink = await Open(server, topic, properties: new() { ["queue.buffering.max.messages"] = "100" });
        await sink.WriteAsync(OutputBatches.Of(0, Enumerable.Range(0, 1500).Select(static n => $"{n}")), default).AsTask().WaitAsync(Deadline);
        await sink.FlushAsync(default).WaitAsync(Deadline);

        AssertEachOnce(server, topic, 1500);
    }

    [TestMethod]
    public async Task BrokerKilledAndRestarted_LosesAndRepeatsNothing()
    {
        using KafkaServer server = KafkaServer.StartPrivate();
        MessageList log = new();
        server.CreateTopic("samples", 4);
        await using KafkaSink sink = await Open(server, "samples", log: log);
        await sink.WriteAsync(Numbers(0), default);
        await sink.FlushAsync(default).WaitAsync(Deadline);

        await sink.WriteAsync(Numbers(1), default);
        server.Kill();
        await sink.WriteAsync(Numbers(2), default);
        Task flush = sink.FlushAsync(default);
        await Until(() => !log.IsEmpty);
        Assert.IsFalse(flush.IsCompleted);
        server.Restart();
        await flush.WaitAsync(Deadline);

        AssertEachOnce(server, "samples", 3 * 2000);
        Assert.HasCount(2, log, string.Join('\n', log));
        Assert.Contains($"no connection to {server.Bootstrap}", log.First());
        Assert.Contains("acknowledges again", log.Last());
    }

    private static Pipeline.Blocks.Records.OutputBatch Numbers(int part) => OutputBatches.Of(0, Enumerable.Range(part * 2000, 2000).Select(static n => $"{n}"));

    private static void AssertEachOnce(KafkaServer server, string topic, int count)
    {
        int[] found = [.. server.ReadAll(topic, readCommitted: true).Select(static record => int.Parse(Text(record.Message.Value)!, System.Globalization.CultureInfo.InvariantCulture)).Order()];
        Assert.AreSequenceEqual(Enumerable.Range(0, count), found);
    }

    private static async Task Until(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!condition()) await Task.Delay(20, deadline.Token);
    }

    private async Task<KafkaSink> Open(
        KafkaServer server, string topic, bool createTopics = true, Dictionary<string, string>? properties = null, MessageList? log = null)
    {
        var options = new KafkaSinkOptions { Bootstrap = server.Bootstrap, Topic = topic, Properties = properties ?? [] };
        var settings = new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1, CreateTopics = createTopics, Log = (ILogger?)log ?? NullLogger.Instance };
        KafkaSink sink = recordByRecord ? new KafkaSink(options, settings, () => new RecordProducer(options, settings)) : new KafkaSink(options, settings);
        await sink.OpenAsync(default);
        return sink;
    }

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    /// <summary>Murmur2 as Kafka's Java client hashes keys (org.apache.kafka.common.utils.Utils.murmur2).</summary>
    private static uint Murmur2(byte[] data)
    {
        const uint M = 0x5bd1e995;
        uint h = 0x9747b28c ^ (uint)data.Length;
        int at = 0;
        for (; data.Length - at >= 4; at += 4)
        {
            uint k = BitConverter.ToUInt32(data, at) * M;
            k = (k ^ (k >> 24)) * M;
            h = (h * M) ^ k;
        }
        int left = data.Length - at;
        if (left >= 3) h ^= (uint)data[at + 2] << 16;
        if (left >= 2) h ^= (uint)data[at + 1] << 8;
        if (left >= 1) h = (h ^ data[at]) * M;
        h = (h ^ (h >> 13)) * M;
        return h ^ (h >> 15);
    }
}

/// <summary>In batches.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class BatchKafkaSinkTests() : KafkaSinkTests(recordByRecord: false);

/// <summary>Record by record.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class RecordKafkaSinkTests() : KafkaSinkTests(recordByRecord: true);
