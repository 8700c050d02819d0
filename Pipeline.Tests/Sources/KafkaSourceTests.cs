using Confluent.Kafka;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sources;

/// <summary>A source over real topics, through either reader.</summary>
public abstract class KafkaSourceTests(bool recordByRecord)
{
    private readonly KafkaServer _server = KafkaServer.Shared;

    [TestMethod]
    public async Task BoundedRun_ReadsEachPartitionInItsOrder_ToTheEndFoundAtTheStart()
    {
        string topic = _server.NewTopic("in", partitions: 2);
        _server.Produce(topic, Enumerable.Range(0, 10_000).Select(static i => new KafkaRecord(null, $"{i}", i % 2, 1_000 + i)));
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);

        SourceIntake intake = await fixture.ReadAsync(fixture.Options(topic), fixture.Context(untilEnd: true));

        Assert.HasCount(10_000, intake.Records);
        for (int partition = 0; partition < 2; partition++)
        {
            int parity = partition;
            string[] own = [.. intake.Records.Where(record => (record[^1] - '0') % 2 == parity)];
            for (int i = 0; i < own.Length; i++) Assert.AreEqual($"{i}:{(2 * i) + parity}", own[i]);
            Assert.Contains($"{topic}-{partition}:Ended@5000", intake.Notices);
        }
        Assert.AreEqual(5_000, fixture.Directories[0].End);
    }

    [TestMethod]
    [DataRow(StartAt.Earliest, "0:a, 1:b, 2:c")]
    [DataRow(StartAt.Latest, "")]
    [DataRow(StartAt.Time, "1:b, 2:c")]
    [DataRow(StartAt.Committed, "0:a, 1:b, 2:c")]
    public async Task Start_IsAsTheOptionsSay(StartAt at, string expected)
    {
        string topic = _server.NewTopic("start");
        _server.Produce(topic, [new(null, "a", 0, 1_000), new(null, "b", 0, 2_000), new(null, "c", 0, 3_000)]);
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);
        KafkaSourceOptions options = fixture.Options(topic) with { Start = new StartOptions { At = at, Time = DateTimeOffset.FromUnixTimeMilliseconds(1_500) } };

        SourceIntake intake = await fixture.ReadAsync(options, fixture.Context(untilEnd: true));

        Assert.AreEqual(expected, string.Join(", ", intake.Records));
    }

    [TestMethod]
    public async Task CommittedOffsets_AreWhereTheGroupBegins_AndPositionsPrecedeThem()
    {
        string topic = _server.NewTopic("committed");
        _server.Produce(topic, [new(null, "a"), new(null, "b"), new(null, "c")]);
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);
        using (KafkaSource source = fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: true)))
        {
            await source.OpenAsync(CancellationToken.None);
            await source.CommitAsync([(fixture.Directories[0], 2)]);
        }

        SourceIntake committed = await fixture.ReadAsync(fixture.Options(topic), fixture.Context(untilEnd: true));
        SourceIntake positions = await fixture.ReadAsync(
            fixture.Options(topic), fixture.Context(untilEnd: true) with { Positions = new Dictionary<(string, int), long> { [(topic, 0)] = 1 } });

        Assert.AreEqual("2:c", string.Join(", ", committed.Records), string.Join("; ", fixture.Log));
        Assert.AreEqual("1:b, 2:c", string.Join(", ", positions.Records));
        Assert.AreEqual($"{topic}-0:Appeared@1", positions.Notices[0]);
    }

    [TestMethod]
    public async Task PositionTheBrokerNoLongerHolds_IsRefused_WithWhatIsThere()
    {
        string topic = _server.NewTopic("gone");
        _server.Produce(topic, [new(null, "a"), new(null, "b")]);
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);
        using KafkaSource source = fixture.Source(
            fixture.Options(topic), fixture.Context(untilEnd: true) with { Positions = new Dictionary<(string, int), long> { [(topic, 0)] = 3 } });

        SourceChangedException failure = await Assert.ThrowsExactlyAsync<SourceChangedException>(() => source.OpenAsync(CancellationToken.None));

        Assert.Contains($"{topic}-0", failure.Message);
        Assert.Contains("expected offset 3 to resume at, found offsets 0 to 2", failure.Message);
    }

    [TestMethod]
    public async Task TransactionMarkersAtTheEnd_AreInsideTheBounds_AndAbortedRecordsAreHidden()
    {
        string topic = _server.NewTopic("txn");
        using (IProducer<byte[]?, byte[]?> producer = _server.NewProducer($"txn-{Guid.NewGuid():N}"))
        {
            producer.BeginTransaction();
            KafkaServer.Produce(producer, topic, new(null, "a"));
            KafkaServer.Produce(producer, topic, new(null, "b"));
            producer.CommitTransaction();
            producer.BeginTransaction();
            KafkaServer.Produce(producer, topic, new(null, "hidden"));
            producer.Flush(TimeSpan.FromSeconds(30));
            producer.AbortTransaction();
        }
        await Eventually.Holds(() => _server.LastStableOffset(topic) == 5, "both transactions have their markers");
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);

        SourceIntake intake = await fixture.ReadAsync(fixture.Options(topic), fixture.Context(untilEnd: true));

        Assert.AreEqual("0:a, 1:b", string.Join(", ", intake.Records));
        Assert.AreEqual($"{topic}-0:Ended@5", intake.Notices[^1]);
    }

    [TestMethod]
    public async Task BoundedRun_EndsBeforeAnOpenTransaction_AndAResumedOneKeepsItsEnd()
    {
        string topic = _server.NewTopic("open");
        _server.Produce(topic, [new(null, "a")]);
        using IProducer<byte[]?, byte[]?> producer = _server.NewProducer($"txn-{Guid.NewGuid():N}");
        producer.BeginTransaction();
        KafkaServer.Produce(producer, topic, new(null, "open"));
        producer.Flush(TimeSpan.FromSeconds(30));
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);

        SourceIntake first = await fixture.ReadAsync(fixture.Options(topic), fixture.Context(untilEnd: true));
        producer.CommitTransaction();
        SourceIntake resumed = await fixture.ReadAsync(
            fixture.Options(topic), fixture.Context(untilEnd: true) with { Ends = new Dictionary<(string, int), long> { [(topic, 0)] = 1 } });

        Assert.AreEqual("0:a", string.Join(", ", first.Records));
        Assert.AreEqual($"{topic}-0:Ended@1", first.Notices[^1]);
        Assert.AreEqual("0:a", string.Join(", ", resumed.Records));
    }

    [TestMethod]
    public async Task SeveralTopics_AreEachTheirOwnPartitions()
    {
        string first = _server.NewTopic("first"), second = _server.NewTopic("second");
        _server.Produce(first, [new(null, "a"), new(null, "b")]);
        _server.Produce(second, [new(null, "c")]);
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);

        SourceIntake intake = await fixture.ReadAsync(fixture.Options(first, second), fixture.Context(untilEnd: true));

        Assert.AreEqual("0:a, 0:c, 1:b", string.Join(", ", intake.Records.Order(StringComparer.Ordinal)));
        Assert.Contains($"{first}-0:Ended@2", intake.Notices);
        Assert.Contains($"{second}-0:Ended@1", intake.Notices);
    }

    [TestMethod]
    public async Task TombstonesAndEmptyValues_AreToldApart()
    {
        string topic = _server.NewTopic("null");
        _server.Produce(topic, [new("k", null), new("k", ""), new("k", "x")]);
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);

        SourceIntake intake = await fixture.ReadAsync(fixture.Options(topic), fixture.Context(untilEnd: true));

        Assert.AreEqual("0:<null>, 1:, 2:x", string.Join(", ", intake.Records));
    }

    [TestMethod]
    public async Task Timestamps_AreTheRecords()
    {
        string topic = _server.NewTopic("stamp");
        _server.Produce(topic, [new(null, "a", 0, 1_234)]);
        List<long> stamps = [];
        var intake = new SourceIntake(taken: batch =>
        {
            for (int i = 0; i < batch.RecordCount; i++) stamps.Add(batch.Records[i].Timestamp);
            return Task.CompletedTask;
        });
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);
        using KafkaSource source = fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: true));
        await source.OpenAsync(CancellationToken.None);

        await source.RunAsync(intake.Block, CancellationToken.None);
        await intake.CompleteAsync();

        Assert.AreEqual("1234", string.Join(',', stamps));
        Assert.IsTrue(fixture.Directories[0].HasTimestamps);
    }

    [TestMethod]
    public async Task MissingTopic_IsNamed_AndNotCreated()
    {
        string topic = $"missing-{Guid.NewGuid():N}";
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            using KafkaSource source = fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: true));
            SourceMissingException failure = await Assert.ThrowsExactlyAsync<SourceMissingException>(() => source.OpenAsync(CancellationToken.None));
            Assert.Contains(topic, failure.Message);
        }
    }

    [TestMethod]
    public async Task SlowIntake_LosesNothing_AndPollingGoesOn()
    {
        string topic = _server.NewTopic("slow", partitions: 3);
        _server.Produce(topic, Enumerable.Range(0, 3_000).Select(static i => new KafkaRecord(null, $"{i}", i % 3)));
        await using var fixture = new KafkaSourceFixture(_server, recordByRecord);
        var open = new TaskCompletionSource();
        var intake = new SourceIntake(capacity: 1, _ => open.Task);
        await fixture.StartAsync(fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: true) with { BatchRecords = 10 }), intake);
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => fixture.Run.WaitAsync(TimeSpan.FromSeconds(7)));

        open.SetResult();

        await fixture.Run.WaitAsync(TimeSpan.FromSeconds(60));
        await intake.CompleteAsync();
        Assert.HasCount(3_000, intake.Records);
    }
}

/// <summary>In batches.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class NativeKafkaSourceTests() : KafkaSourceTests(recordByRecord: false);

/// <summary>Record by record.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class ConfluentKafkaSourceTests() : KafkaSourceTests(recordByRecord: true);
