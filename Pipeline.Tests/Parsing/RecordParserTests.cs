using System.Text;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Parsing;

[TestClass]
public sealed class RecordParserTests
{
    private const string Good = """{"user_id":"u1","item_id":"i1","ts":1764000000000}""";

    [TestMethod]
    public void Outcomes_StandInTheOrderOfRecordsThenStreams()
    {
        var rig = new ParserRig([ParserRig.Exposures(), ParserRig.Exposures() with { Name = "click" }]);
        RecordBatch batch = rig.Batch();
        foreach (string record in new[] { Good, "", "{" }) batch.Add(Encoding.UTF8.GetBytes(record), 0, SourcePartition.NoTime);

        rig.Parse(batch);

        CollectionAssert.AreEqual(
            new[] { (0, 0, EventOutcome.Event), (0, 1, EventOutcome.Event), (1, 0, EventOutcome.Empty), (1, 1, EventOutcome.Empty), (2, 0, EventOutcome.Malformed), (2, 1, EventOutcome.Malformed) },
            batch.Events[..batch.EventCount].Select(parsed => (parsed.Record, (int)parsed.Stream, parsed.Outcome)).ToArray());
    }

    [TestMethod]
    public void OnlyTheStreamsOfThePartition_GetOutcomes()
    {
        StreamOptions stream = ParserRig.Exposures();
        var parser = new RecordParser([stream, stream with { Name = "click" }, stream with { Name = "like" }, stream with { Name = "buy" }], new ParseOptions());
        RecordBatch batch = new RecordBatchPool().Rent();
        batch.Partition = new SourcePartition(0, "log", 0, [1, 3], hasTimestamps: false);
        batch.Add(Encoding.UTF8.GetBytes(Good), 0, SourcePartition.NoTime);

        parser.Parse(batch);

        CollectionAssert.AreEqual(new byte[] { 1, 3 }, batch.Events[..batch.EventCount].Select(parsed => parsed.Stream).ToArray());
    }

    [TestMethod]
    public void PayloadAndKey_AreSlicesOfTheBatch()
    {
        var rig = new ParserRig([ParserRig.Exposures()]);
        RecordBatch batch = rig.Batch();
        batch.Add("junk in front"u8, 0, SourcePartition.NoTime);
        batch.Add(Encoding.UTF8.GetBytes($" {Good}\r"), 1, SourcePartition.NoTime);
        batch.Add("""{"user_id":"\u0075\u0032","item_id":7,"ts":"1764000000001","event_id":"\"e\""}"""u8, 2, SourcePartition.NoTime);

        rig.Parse(batch);

        Assert.AreEqual(Good, ParserRig.Payload(batch, batch.Events[1]));
        CollectionAssert.AreEqual(new[] { "u1", "i1" }, ParserRig.KeyTexts(batch, batch.Events[1]));
        CollectionAssert.AreEqual(new[] { "u2", "7" }, ParserRig.KeyTexts(batch, batch.Events[2]));
        Assert.AreEqual("\"e\"", ParserRig.Id(batch, batch.Events[2]));
        Assert.AreEqual(1_764_000_000_001, batch.Events[2].Time);
    }

    [TestMethod]
    public void NumberAndItsText_HaveOneKeyHash()
    {
        var rig = new ParserRig([ParserRig.Exposures()]);

        KeyHash number = rig.ParseOne("""{"user_id":7,"item_id":"i1","ts":1}""").Key;

        Assert.AreEqual(number, rig.ParseOne("""{"user_id":"7","item_id":"i1","ts":2}""").Key);
        Assert.AreNotEqual(number, rig.ParseOne("""{"user_id":7.0,"item_id":"i1","ts":3}""").Key);
    }

    [TestMethod]
    public void BatchWithoutRecords_IsLeftAlone()
    {
        var rig = new ParserRig([ParserRig.Exposures(RecordFormat.Csv)]);
        RecordBatch notice = rig.Batch();
        notice.Notice = PartitionNotice.Appeared;
        RecordBatch barrier = new RecordBatchPool().Rent();
        barrier.Barrier = new Pipeline.Blocks.Records.CheckpointBarrier(1);

        Assert.AreEqual(0, rig.Parse(notice).EventCount);
        Assert.AreEqual(0, rig.Parse(barrier).EventCount);
    }

    [TestMethod]
    public void CsvWithoutColumns_SaysWhereTheyAreMissing()
    {
        var rig = new ParserRig([ParserRig.Exposures(RecordFormat.Csv)]);
        RecordBatch batch = rig.Batch();
        batch.Add("u1,i1,1"u8, 0, SourcePartition.NoTime);

        var thrown = Assert.ThrowsExactly<InvalidOperationException>(() => rig.Parse(batch));

        Assert.AreEqual("log-0: expected CSV column names from a header or csv.columns, found none.", thrown.Message);
    }

    [TestMethod]
    public void MoreFieldsThanFitTheStack_AreRead()
    {
        FilterOptions[] filters = [.. Enumerable.Range(0, 100).Select(i => new FilterOptions { Field = $"x.f{i}", Min = 0 })];
        var rig = new ParserRig([ParserRig.Exposures() with { Filters = filters }]);
        string fields = string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"f{i}\":{(i == 77 ? -1 : i)}"));

        ParsedEvent parsed = rig.ParseOne(Good.Replace("}", $",\"x\":{{{fields}}}}}", StringComparison.Ordinal));

        Assert.AreEqual(EventOutcome.Filtered, parsed.Outcome);
        Assert.AreEqual(77, parsed.Filter);
    }

    [TestMethod]
    public void SeveralBatchesAtOnce_AreParsedAsOneByOne()
    {
        var rig = new ParserRig([ParserRig.Exposures()]);
        var hashes = new KeyHash[8][];

        Parallel.For(0, hashes.Length, worker =>
        {
            RecordBatch batch = rig.Batch();
            for (int i = 0; i < 5_000; i++) batch.Add(Encoding.UTF8.GetBytes($$"""{"user_id":"\u0075{{i}}","item_id":"w{{worker}}","ts":{{i}}}"""), i, 0);
            hashes[worker] = [.. rig.Parse(batch).Events[..batch.EventCount].Select(parsed => parsed.Key)];
        });

        for (int worker = 0; worker < hashes.Length; worker++)
            for (int i = 0; i < 5_000; i += 499)
                Assert.AreEqual(rig.ParseOne($$"""{"user_id":"u{{i}}","item_id":"w{{worker}}","ts":1}""").Key, hashes[worker][i]);
    }
}
