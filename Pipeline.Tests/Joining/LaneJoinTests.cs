using System.Text;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class LaneJoinTests : IDisposable
{
    private const long Second = 1_000;
    private const long Minute = 60 * Second;
    private const long Ten = 1_764_064_800_000;

    private readonly TempFolder _folder = new();
    private readonly List<string> _samples = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>The contract's worked example, in every order of arrival.</summary>
    [TestMethod]
    public void ClickAtWindowEnd_IsOrphaned()
    {
        TestEvent[] events =
        [
            new(0, "k", Ten, Payload: "first"), new(1, "k", Ten + 20 * Minute - 1), new(0, "k", Ten + 5 * Minute, Payload: "second"), new(1, "k", Ten + 20 * Minute),
        ];
        foreach (TestEvent[] arrival in Permutations(events))
        {
            _samples.Clear();
            using LaneJoin sut = Lane(WindowAnchor.Exposure);

            Run(sut, long.MaxValue, arrival);

            CollectionAssert.AreEqual(new[] { "[0,20m) exposures 2 count 1 delay 1199999 first" }, _samples);
            Assert.AreEqual(1, sut.Ledger.Orphaned[1]);
        }
    }

    [TestMethod]
    public void WindowClosesWhenTheWatermarkReachesItsEnd_NotBefore()
    {
        using LaneJoin sut = Lane(WindowAnchor.Exposure);
        Run(sut, Ten + 20 * Minute - 1, new TestEvent(0, "k", Ten));
        Assert.IsEmpty(_samples);
        Assert.AreEqual(1, sut.Ledger.InWindows[0]);

        Run(sut, Ten + 20 * Minute);

        Assert.HasCount(1, _samples);
        Assert.AreEqual(0, sut.Ledger.InWindows[0]);
    }

    [TestMethod]
    public void ExposureAtTheEnd_OpensTheNextWindow()
    {
        using LaneJoin sut = Lane(WindowAnchor.Exposure);

        Run(sut, long.MaxValue, new TestEvent(0, "k", Ten, Payload: "a"), new TestEvent(0, "k", Ten + 20 * Minute, Payload: "b"), new TestEvent(1, "k", Ten + 21 * Minute));

        CollectionAssert.AreEqual(new[] { "[0,20m) exposures 1 count 0 delay 0 a", "[20,20m) exposures 1 count 1 delay 60000 b" }, _samples);
    }

    [TestMethod]
    public void ActionBeforeItsExposure_IsOrphaned_AtTheSameTimeItJoins()
    {
        using LaneJoin sut = Lane(WindowAnchor.Exposure);

        Run(sut, long.MaxValue, new TestEvent(1, "k", Ten - 1), new TestEvent(1, "k", Ten), new TestEvent(0, "k", Ten, Payload: "p"));

        CollectionAssert.AreEqual(new[] { "[0,20m) exposures 1 count 1 delay 0 p" }, _samples);
        Assert.AreEqual(1, sut.Ledger.Orphaned[1]);
    }

    [TestMethod]
    public void AnchorFirst_ActionOpensTheWindow_AndTheFirstExposureGivesThePayload()
    {
        using LaneJoin sut = Lane(WindowAnchor.First);

        Run(sut, long.MaxValue, new TestEvent(1, "k", Ten, Payload: "click"), new TestEvent(0, "k", Ten + Minute, Payload: "p"), new TestEvent(0, "k", Ten + 2 * Minute, Payload: "q"));

        CollectionAssert.AreEqual(new[] { "[0,20m) exposures 2 count 1 delay 0 p" }, _samples);
    }

    [TestMethod]
    public void AnchorFirst_WindowWithoutAnExposure_OrphansItsActions_WithTheirBytes()
    {
        using LaneJoin sut = Lane(WindowAnchor.First);
        sut.Letters = new DeadLetterBatch();

        Run(sut, long.MaxValue, new TestEvent(1, "k", Ten, Payload: "one"), new TestEvent(1, "k", Ten + Minute, Payload: "two"));

        Assert.IsEmpty(_samples);
        Assert.AreEqual(2, sut.Ledger.Orphaned[1]);
        string[] letters = [.. sut.Letters.Letters.Select(letter => Encoding.UTF8.GetString(sut.Letters.Bytes, letter.Start, letter.Length)).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(new[] { "one", "two" }, letters);
    }

    [TestMethod]
    public void WindowWithMoreActionsThanTheCap_KeepsCountsAndPositions_AndDropsSurplusPayloads()
    {
        using LaneJoin sut = Lane(WindowAnchor.First, mostKept: 2);
        sut.Letters = new DeadLetterBatch();

        Run(sut, long.MaxValue, [.. Enumerable.Range(0, 5).Select(i => new TestEvent(1, "k", Ten + i, Payload: $"{i}")), new TestEvent(0, "other", Ten, Payload: "p"), new TestEvent(1, "other", Ten)]);

        CollectionAssert.AreEqual(new[] { "[0,20m) exposures 1 count 1 delay 0 p" }, _samples);
        Assert.AreEqual(5, sut.Ledger.Orphaned[1]);
        Assert.AreEqual(3, sut.Ledger.Surplus[1]);
        DeadLetter[] letters = [.. sut.Letters.Letters.OrderBy(letter => letter.Offset)];
        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3, 4 }, letters.Select(letter => letter.Offset).ToArray());
        CollectionAssert.AreEqual(
            new[] { 1, 1, RawRecord.NullValue, RawRecord.NullValue, RawRecord.NullValue }, letters.Select(letter => letter.Length).ToArray());
    }

    [TestMethod]
    public void ManyWindowsClosingAtOnce_ComeInFullBatches_InOrderOfTheirKeys()
    {
        using LaneJoin sut = Lane(WindowAnchor.Exposure);

        int batches = Run(sut, long.MaxValue, [.. Enumerable.Range(0, 1_000).Select(i => new TestEvent(0, $"k{i}", Ten, Payload: $"{i}"))]);

        Assert.HasCount(1_000, _samples);
        Assert.IsGreaterThan(9, batches);
    }

    [TestMethod]
    public void EachEventOfARun_IsHintedAt_Once_BeforeItIsApplied()
    {
        var table = new HintedTable(20 * Minute);
        using var sut = new LaneJoin(
            new LaneOptions { Lane = 0, Window = new WindowOptions(), Ranks = [0, 1] }, table, new ReorderBuffer(2, 1 << 20, _folder["spill"], null), new WindowLog(_folder["log"], 0));
        KeyHash[] keys = [.. Enumerable.Range(0, 100).Select(i => Keys.Of($"k{i}"))];

        Run(sut, Ten + 64, [.. Enumerable.Range(0, 100).Select(i => new TestEvent(0, $"k{i}", Ten, Payload: $"{i}"))]);

        CollectionAssert.AreEquivalent(keys, table.Hinted);
        CollectionAssert.AreEquivalent(keys, table.HintedBehind);
    }

    private LaneJoin Lane(WindowAnchor anchor, long mostKept = long.MaxValue) =>
        new(
            new LaneOptions { Lane = 0, Window = new WindowOptions { Anchor = anchor }, Ranks = [0, 1], KeepLetters = true, MostKept = mostKept, BatchWindows = 100 },
            new MemoryWindowTable(1, 20 * Minute, anchor, keepActions: true),
            new ReorderBuffer(2, 1 << 20, _folder["spill"], null),
            new WindowLog(_folder["log"], 0));

    private int Run(LaneJoin lane, long watermark, params TestEvent[] events)
    {
        RecordBatch records = ParsedBatch.Of(ParsedBatch.Partition(), events);
        var batch = new LaneBatch { Records = records, Watermark = watermark };
        for (int i = 0; i < events.Length; i++) batch.Add(i);
        lane.Accept(batch);
        var output = new SampleBatch(1);
        int batches = 0;
        bool more;
        do
        {
            more = lane.Advance(output);
            Read(output);
            output.Clear();
            batches++;
        }
        while (more);
        return batches;
    }

    private void Read(SampleBatch output)
    {
        for (int i = 0; i < output.Count; i++)
        {
            ClosedWindow window = output.Windows[i];
            ActionCell cell = output.CellsOf(i)[0];
            _samples.Add(
                $"[{(window.Start - Ten) / Minute},20m) exposures {window.Exposures} count {cell.Count} delay {cell.FirstDelay} "
                + Encoding.UTF8.GetString(output.Bytes, window.PayloadStart, window.PayloadLength));
        }
    }

    private static IEnumerable<T[]> Permutations<T>(T[] items) =>
        items.Length <= 1
            ? [items]
            : items.SelectMany((item, i) => Permutations<T>([.. items[..i], .. items[(i + 1)..]]).Select(rest => (T[])[item, .. rest]));
}
