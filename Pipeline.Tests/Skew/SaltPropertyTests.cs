using CsCheck;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Skew;

/// <summary>The salt spreads work, never meaning: samples, dead letters and ledger are the same without salts, with salts for hot keys, and with salts for every key.</summary>
/// <remarks>On the real blocks and threads. A failing seed stands in the failure text (CsCheck_Seed).</remarks>
[TestClass]
public sealed class SaltPropertyTests
{
    private static readonly Gen<SkewOptions> Skews = Gen.Select(
        Gen.OneOf(SkewMode.Auto, SkewMode.Auto, SkewMode.Force, SkewMode.Off), Gen.OneOf(1, 4, 16),
        (mode, salts) => new SkewOptions { Mode = mode, Salts = salts, HotShare = 0.3 });

    private static readonly Gen<(History History, int Batch, int Seed, bool KeepLetters)> Flows = Gen.Select(
        History.Gen(withinDisorder: false), History.Gen(withinDisorder: false).Array[2, 4], Gen.OneOf(1, 10, 100), Gen.OneOf(1, 20), Gen.OneOf(1, 7, 64),
        Gen.Int[0, 1_000_000], Gen.Bool, (history, more, grain, stretch, batch, seed, keepLetters) => (Skewed(history, more, grain, stretch), batch, seed, keepLetters));

    [TestMethod]
    public void AnySaltingOfAFlow_GivesWhatNoSaltingGives()
    {
        long turnedHot = 0;
        long condensed = 0;
        Gen.Select(Flows, Skews, Gen.OneOf(1, 3)).Sample(
            (flow, skew, lanes) =>
            {
                FlowResult expected = Run(flow, 1, []);
                FlowResult found = Run(flow, lanes, [(skew, -1, int.MaxValue)]);
                AssertEqual(expected, found);
                Interlocked.Add(ref turnedHot, found.TurnedHot);
                Interlocked.Add(ref condensed, found.Condensed);
            },
            iter: Iterations.Of(200), threads: 2);
        Assert.IsGreaterThan(50, turnedHot, "keys turn hot in the flows");
        Assert.IsGreaterThan(1_000, condensed, "events are salted");
    }

    /// <summary>Each run but the last ends some steps behind its checkpoint, and the next goes on from there with other salts, or none.</summary>
    [TestMethod]
    public void AnySaltingWithRestarts_GivesWhatNoSaltingGives()
    {
        int restarts = 0;
        Gen.Select(Flows, Skews.Array[1, 4], Gen.Int[0, 1_000_000], Gen.OneOf(1, 3)).Sample(
            (flow, skews, seed, lanes) =>
            {
                FlowResult expected = Run(flow, 1, []);
                FlowResult found = Run(flow, lanes, Cuts(flow, skews, seed));
                AssertEqual(Once(expected), Once(found));
                Interlocked.Add(ref restarts, skews.Length - 1);
            },
            iter: Iterations.Of(80), threads: 2);
        Assert.IsGreaterThan(50, restarts);
    }

    private static List<(SkewOptions, int, int)> Cuts((History History, int Batch, int Seed, bool) flow, SkewOptions[] skews, int seed)
    {
        var random = new Random(seed);
        int steps = Steps(flow.History, flow.Batch, flow.Seed).Count;
        var runs = new List<(SkewOptions, int, int)>();
        int from = 0;
        foreach (SkewOptions skew in skews.SkipLast(1))
        {
            int checkpoint = random.Next(from, steps);
            runs.Add((skew, checkpoint, random.Next(checkpoint + 1, steps + 1)));
            from = checkpoint;
        }
        runs.Add((skews[^1], -1, int.MaxValue));
        return runs;
    }

    private static FlowResult Run((History History, int Batch, int Seed, bool KeepLetters) flow, int lanes, List<(SkewOptions Skew, int Checkpoint, int To)> runs)
    {
        List<Step> steps = Steps(flow.History, flow.Batch, flow.Seed);
        using var salted = new SaltedFlow(flow.History.ToJob(), steps, flow.History.Partitions, lanes, flow.KeepLetters) { ShareMemory = flow.Seed % 2 == 0 };
        if (runs.Count == 0) runs = [(new SkewOptions { Mode = SkewMode.Off }, -1, int.MaxValue)];
        foreach ((SkewOptions skew, int checkpoint, int to) in runs) salted.RunAsync(skew, checkpoint, Math.Min(to, steps.Count)).GetAwaiter().GetResult();
        return salted.Result;
    }

    private static List<Step> Steps(History history, int batch, int seed)
    {
        var random = new Random(seed);
        List<byte[]>[] records = history.ToPartitions();
        var steps = new List<Step>();
        for (int partition = 0; partition < records.Length; partition++) steps.Add(new Step(partition, [], PartitionNotice.Appeared));
        var next = new int[records.Length];
        var open = Enumerable.Range(0, records.Length).ToList();
        while (open.Count > 0)
        {
            int partition = open[random.Next(open.Count)];
            int take = Math.Min(batch, records[partition].Count - next[partition]);
            bool last = next[partition] + take == records[partition].Count;
            steps.Add(new Step(partition, [.. records[partition].Skip(next[partition]).Take(take)], last ? PartitionNotice.Ended : PartitionNotice.None));
            next[partition] += take;
            if (last) open.Remove(partition);
        }
        return steps;
    }

    /// <summary>One key has most of the events of every other stretch, many of them of one millisecond, so that it turns hot and cool.</summary>
    private static History Skewed(History history, History[] more, int grain, int stretch) => history with
    {
        Events =
        [
            .. history.Events.Concat(more.SelectMany(static other => other.Events)).Select(item => item with
            {
                Time = item.Time / grain * grain * stretch,
                Key = item.Time / 600 % 2 == 0 && item.Jitter % 4 != 0 ? 1 : item.Key + (item.Time % 7),
                Stream = item.Stream % history.Streams,
            }),
        ],
    };

    private static void AssertEqual(FlowResult expected, FlowResult found)
    {
        AssertEqual("ledger", expected.Ledger, found.Ledger);
        AssertEqual("samples", Ordered(expected), Ordered(found));
        AssertEqual("letters", expected.Letters, found.Letters);
    }

    /// <summary>Letters are written at least once: a replay writes them again.</summary>
    private static FlowResult Once(FlowResult result) => result with { Letters = [.. result.Letters.Distinct()] };

    private static string[] Ordered(FlowResult result) => [.. result.Samples.Select(static sample => sample.Value).Order(StringComparer.Ordinal)];

    private static void AssertEqual(string what, IReadOnlyList<string> expected, IReadOnlyList<string> found)
    {
        if (!expected.SequenceEqual(found))
            throw new InvalidOperationException($"{what}: expected\n{string.Join('\n', expected.Except(found))}\nfound\n{string.Join('\n', found.Except(expected))}\n{expected.Count} and {found.Count} in all");
    }
}
