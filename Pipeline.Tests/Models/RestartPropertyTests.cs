using CsCheck;

namespace Pipeline.Tests.Models;

/// <summary>A lane that is lost and restored from a snapshot, at any batch and any number of times, does what an uninterrupted one does.</summary>
[TestClass]
public sealed class RestartPropertyTests
{
    private static readonly Gen<Feeding> Feedings = Gen.Select(
        Gen.OneOf(1, 2), Gen.OneOf(1, 2, 7, 64), Gen.Int[0, 1_000_000], Gen.Int[1, 8], Gen.Int[0, 6], Gen.Int[0, 9], Gen.Bool,
        (lanes, batch, seed, every, finished, lost, older) =>
            new Feeding(lanes, batch, seed, Faster: false) { Restarts = new Restarts(every, finished, lost, older) });

    [TestMethod]
    public void RestoredLanes_DoWhatUninterruptedOnesDo() =>
        Gen.Select(History.Gen(withinDisorder: false), Feedings).Sample((history, feeding) => AssertNoDifference(history, feeding), iter: Iterations.Of(100));

    [TestMethod]
    public void RestoredLanesOnFaster_DoWhatUninterruptedOnesDo()
    {
        int restarts = 0;
        int finishedLater = 0;
        int lostUnfinished = 0;
        Gen.Select(History.Gen(withinDisorder: false), Feedings).Sample(
            (history, feeding) =>
            {
                (int lost, int later, int unfinished) = AssertNoDifference(history, feeding with { Faster = true });
                Interlocked.Add(ref restarts, lost);
                Interlocked.Add(ref finishedLater, later);
                Interlocked.Add(ref lostUnfinished, unfinished);
            },
            iter: Iterations.Of(100));
        Assert.IsGreaterThan(50, restarts);
        Assert.IsGreaterThan(50, finishedLater);
        Assert.IsGreaterThan(10, lostUnfinished);
    }

    private static (int Restarts, int FinishedLater, int LostUnfinished) AssertNoDifference(History history, Feeding feeding)
    {
        using FlowHarness expected = Feed(history, feeding with { Faster = false, Restarts = null });
        using FlowHarness found = Feed(history, feeding);
        AssertEqual("samples", [.. expected.Samples.Select(sample => sample.Value)], [.. found.Samples.Select(sample => sample.Value)]);
        AssertEqual("letters", LettersOf(expected), LettersOf(found));
        AssertEqual("ledgers", LedgersOf(expected), LedgersOf(found));
        return (found.RestartCount, found.FinishedLater, found.LostUnfinished);
    }

    private static FlowHarness Feed(History history, Feeding feeding)
    {
        var harness = new FlowHarness(history.ToJob(), feeding.Lanes, feeding.Faster);
        int[] streams = [.. Enumerable.Range(0, history.Streams)];
        harness.FeedAll([.. history.ToPartitions().Select((records, number) => (harness.Partition(number, streams), records))], feeding);
        return harness;
    }

    // Which of several equal events is the first is open, and so is the partition it came from.
    private static string[] LettersOf(FlowHarness harness) => [.. harness.LetterTexts.Order(StringComparer.Ordinal)];

    private static string[] LedgersOf(FlowHarness harness) =>
    [
        .. harness.Lanes.Select(lane => lane.Ledger).Select(ledger =>
            $"received {string.Join(' ', ledger.Received)} duplicate {string.Join(' ', ledger.Duplicate)} orphaned {string.Join(' ', ledger.Orphaned)} "
            + $"open {string.Join(' ', ledger.InWindows)} emitted {string.Join(' ', ledger.Emitted)} opened {ledger.WindowsOpened} closed {ledger.WindowsClosed}"),
        .. harness.Lanes.Select(lane => $"waiting {string.Join(' ', lane.Reorder.Waiting.ToArray())}"),
        $"joined {harness.Result.JoinedExposures} {string.Join(' ', harness.Result.JoinedActions)} invalid {harness.Result.InvalidExposures} {string.Join(' ', harness.Result.InvalidActions)}",
    ];

    private static void AssertEqual(string what, string[] expected, string[] found)
    {
        if (!expected.SequenceEqual(found))
            throw new InvalidOperationException($"{what}: expected\n{string.Join('\n', expected)}\nfound\n{string.Join('\n', found)}");
    }
}
