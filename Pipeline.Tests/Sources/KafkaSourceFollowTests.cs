using Confluent.Kafka;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sources;

/// <summary>A source over real topics, through either reader.</summary>
public abstract class KafkaSourceFollowTests(bool recordByRecord)
{
    [TestMethod]
    public async Task OpenTransaction_IsNotCaughtUp_UntilItIsCommitted()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("open", partitions: 2);
        server.Produce(topic, [new(null, "a", 0), new(null, "b", 1)]);
        using IProducer<byte[]?, byte[]?> producer = server.NewProducer($"txn-{Guid.NewGuid():N}");
        producer.BeginTransaction();
        KafkaServer.Produce(producer, topic, new(null, "open", 0));
        producer.Flush(TimeSpan.FromSeconds(30));
        await using var fixture = new KafkaSourceFixture(server, recordByRecord);
        var intake = new SourceIntake();
        await fixture.StartAsync(fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: false)), intake);

        await intake.UntilAsync(seen => seen.Notices.Count(notice => notice == $"{topic}-1:CaughtUp@1") >= 3, run: fixture.Run);
        Assert.IsFalse(intake.Notices.Any(notice => notice.StartsWith($"{topic}-0:CaughtUp", StringComparison.Ordinal)));
        producer.CommitTransaction();

        await intake.UntilAsync(seen => seen.Notices.Contains($"{topic}-0:CaughtUp@3"), run: fixture.Run);
        Assert.Contains("1:open", intake.Records);
    }

    [TestMethod]
    public async Task EndOfAPartition_IsKnownForTheLag()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("lag");
        server.Produce(topic, [new(null, "a", 0), new(null, "b", 0), new(null, "c", 0)]);
        await using var fixture = new KafkaSourceFixture(server, recordByRecord);
        var intake = new SourceIntake();
        await fixture.StartAsync(fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: false)), intake);

        await intake.UntilAsync(_ => fixture.Directories.All.Single().KnownEnd == 3, run: fixture.Run);
        server.Produce(topic, [new(null, "d", 0)]);
        await intake.UntilAsync(_ => fixture.Directories.All.Single().KnownEnd == 4, run: fixture.Run);
    }

    [TestMethod]
    public async Task AddedPartition_IsReadFromItsFirstRecord_WhateverTheStart()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("grow");
        server.Produce(topic, [new(null, "old", 0)]);
        await using var fixture = new KafkaSourceFixture(server, recordByRecord);
        var intake = new SourceIntake();
        KafkaSourceOptions options = fixture.Options(topic) with { Start = new StartOptions { At = StartAt.Latest } };
        await fixture.StartAsync(fixture.Source(options, fixture.Context(untilEnd: false), refreshInterval: TimeSpan.FromMilliseconds(500)), intake);
        await intake.UntilAsync(seen => seen.Notices.Contains($"{topic}-0:CaughtUp@1"), run: fixture.Run);

        server.AddPartitions(topic, 2);
        server.Produce(topic, [new(null, "new", 1)]);

        await intake.UntilAsync(static seen => seen.Records.Contains("0:new"), run: fixture.Run);
        Assert.Contains($"{topic}-1:Appeared@0", intake.Notices);
        server.Produce(topic, [new(null, "more", 0)]);
        await intake.UntilAsync(static seen => seen.Records.Contains("1:more"), run: fixture.Run);
        Assert.AreEqual("0:new, 1:more", string.Join(", ", intake.Records));
    }

    [TestMethod]
    public async Task PartitionTooFarAhead_IsPaused_AndReadOnWhenTheOtherCatchesUp()
    {
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("drift", partitions: 2);
        await using var fixture = new KafkaSourceFixture(server, recordByRecord);
        var intake = new SourceIntake();
        await fixture.StartAsync(fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: false)), intake);
        await intake.UntilAsync(static seen => seen.Notices.Count > 3, run: fixture.Run);

        fixture.Directories[0].MaxEventTime = 200_000;
        fixture.Directories[1].MaxEventTime = 100_000;
        server.Produce(topic, [new(null, "slow", 1)]);
        await intake.UntilAsync(static seen => seen.Records.Contains("0:slow"), run: fixture.Run);
        server.Produce(topic, [new(null, "ahead", 0)]);
        server.Produce(topic, [new(null, "slow again", 1)]);
        await intake.UntilAsync(static seen => seen.Records.Contains("1:slow again"), run: fixture.Run);
        int notices = intake.Notices.Count;
        await intake.UntilAsync(seen => seen.Notices.Count > notices + 1, run: fixture.Run);
        Assert.AreEqual("0:slow, 1:slow again", string.Join(", ", intake.Records));

        fixture.Directories[1].MaxEventTime = 175_000;

        await intake.UntilAsync(static seen => seen.Records.Contains("0:ahead"), run: fixture.Run);
    }

    [TestMethod]
    public async Task KilledBroker_IsWaitedFor_WithOneMessageEachWay()
    {
        using KafkaServer server = KafkaServer.StartPrivate();
        server.CreateTopic("in", 1);
        server.Produce("in", [new(null, "a")]);
        await using var fixture = new KafkaSourceFixture(server, recordByRecord);
        var intake = new SourceIntake();
        await fixture.StartAsync(fixture.Source(fixture.Options("in"), fixture.Context(untilEnd: false)), intake);
        await intake.UntilAsync(static seen => seen.Notices.Contains("in-0:CaughtUp@1"), run: fixture.Run);

        server.Kill();
        await intake.UntilAsync(_ => !fixture.Log.IsEmpty, run: fixture.Run);
        server.Restart();
        await intake.UntilAsync(_ => fixture.Log.Count > 1, run: fixture.Run);
        server.Produce("in", [new(null, "b")]);

        await intake.UntilAsync(static seen => seen.Notices.Contains("in-0:CaughtUp@2"), run: fixture.Run);
        Assert.AreEqual("0:a, 1:b", string.Join(", ", intake.Records));
        Assert.HasCount(2, fixture.Log, string.Join("; ", fixture.Log));
    }

    [TestMethod]
    public async Task UnreachableBroker_EndsTheStartAfterTheLimit()
    {
        var context = new SourceContext
        {
            Directory = new PartitionDirectory(),
            Pool = new RecordBatchPool(),
            Gate = new(new PartitionDirectory(), 0),
            Clock = TimeProvider.System,
            Streams = [0],
            Group = "none",
        };
        using var source = new KafkaSource(new KafkaSourceOptions { Bootstrap = "127.0.0.1:1", Topics = ["t"] }, context) { RecordByRecord = recordByRecord, UnreachableLimit = TimeSpan.FromSeconds(1) };

        BrokerUnavailableException failure = await Assert.ThrowsExactlyAsync<BrokerUnavailableException>(() => source.OpenAsync(CancellationToken.None));

        Assert.Contains("127.0.0.1:1", failure.Message);
    }
}

/// <summary>In batches.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class NativeKafkaSourceFollowTests() : KafkaSourceFollowTests(recordByRecord: false);

/// <summary>Record by record.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class ConfluentKafkaSourceFollowTests() : KafkaSourceFollowTests(recordByRecord: true);
