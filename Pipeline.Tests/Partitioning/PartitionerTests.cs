using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Partitioning;

[TestClass]
public sealed class PartitionerTests
{
    private readonly PartitionDirectory _directory = new();
    private readonly LaneBatch[] _lanes = [new LaneBatch(), new LaneBatch(), new LaneBatch()];

    [TestMethod]
    public void EventBelowTheWatermark_IsLate_AtItIsNot()
    {
        Partitioner sut = Make();

        Process(sut, new TestEvent(0, "a", 100_000), new TestEvent(0, "a", 90_000), new TestEvent(0, "a", 89_999));

        Assert.AreEqual(1, sut.Ledger.Late[0]);
        Assert.AreEqual(2, _lanes.Sum(lane => lane.Count));
    }

    [TestMethod]
    public void FilteredAndKeylessRecords_RaiseTheWatermark_RejectedTimesDoNot()
    {
        Partitioner sut = Make();
        SourcePartition partition = _directory.Register("log", 0, [0, 1], false);
        RecordBatch batch = ParsedBatch.Of(partition);
        ParsedBatch.Add(batch, new TestEvent(0, "a", 50_000), EventOutcome.Filtered);
        ParsedBatch.Add(batch, new TestEvent(0, "a", 60_000), EventOutcome.MissingKey);
        ParsedBatch.Add(batch, new TestEvent(0, "a", 90_000), EventOutcome.FutureTime, timeAccepted: false);
        ParsedBatch.Add(batch, new TestEvent(0, "a", 49_999), EventOutcome.Event);

        sut.Process(batch, _lanes, null);

        Assert.AreEqual(50_000, sut.Tracker.Watermark);
        Assert.AreEqual(1, sut.Ledger.Late[0]);
        Assert.AreEqual(1, sut.Ledger.Filtered[0][0]);
        Assert.AreEqual(1, sut.Ledger.Rejected[0][(int)EventOutcome.MissingKey]);
        Assert.AreEqual(1, sut.Ledger.Rejected[0][(int)EventOutcome.FutureTime]);
    }

    [TestMethod]
    public void StreamsOfOneRecord_AreComparedWithTheWatermarkBeforeTheRecord()
    {
        Partitioner sut = Make();
        SourcePartition partition = _directory.Register("log", 0, [0, 1], false);
        RecordBatch batch = ParsedBatch.Of(partition);
        ParsedBatch.Add(batch, new TestEvent(0, "a", 100_000), EventOutcome.Event);
        ParsedBatch.Add(batch, new TestEvent(1, "a", 1_000), EventOutcome.Event);
        batch.Events[1].Record = 0;

        sut.Process(batch, _lanes, null);

        Assert.AreEqual(0, sut.Ledger.Late[1], "the record's own exposure does not make its click late");
    }

    [TestMethod]
    public void SameKey_GoesToTheSameLane()
    {
        Partitioner sut = Make();

        Process(sut, [.. Enumerable.Range(0, 300).Select(i => new TestEvent(i % 2, $"k{i % 7}", 100_000 + i))]);

        foreach (LaneBatch lane in _lanes)
            foreach (int index in lane.Events.AsSpan(0, lane.Count))
                Assert.AreSame(lane, _lanes[new LaneMap(3).LaneOf(lane.Records!.Events[index].Key)]);
        Assert.AreEqual(300, _lanes.Sum(lane => lane.Count));
    }

    [TestMethod]
    public void LateRecord_GoesToTheDeadLetters_WithItsPosition()
    {
        Partitioner sut = Make(keepLetters: true);
        var letters = new DeadLetterBatch();
        RecordBatch batch = ParsedBatch.Of(
            _directory.Register("log", 0, [0, 1], false), new TestEvent(0, "a", 100_000), new TestEvent(1, "a", 1, Payload: "{\"x\":1}"));

        sut.Process(batch, _lanes, letters);

        DeadLetter letter = letters.Letters.Single();
        Assert.AreEqual((DeadLetterReason.Late, (byte)1, 1L), (letter.Reason, letter.Stream, letter.Offset));
        Assert.AreEqual("{\"x\":1}", System.Text.Encoding.UTF8.GetString(letters.Bytes, letter.Start, letter.Length));
    }

    private Partitioner Make(bool keepLetters = false) =>
        new(
            new LaneMap(3),
            new WatermarkTracker(_directory, new TimeOptions(), [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)]),
            [1, 0],
            keepLetters);

    private void Process(Partitioner partitioner, params TestEvent[] events) =>
        partitioner.Process(ParsedBatch.Of(_directory.Register("log", 0, [0, 1], false), events), _lanes, null);
}
