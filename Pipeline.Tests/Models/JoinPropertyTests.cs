using CsCheck;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Tests.Models;

/// <summary>
/// The first property, and always: what is emitted is a function of the on-time events alone, and equals the reference join, whatever the interleaving of
/// partitions, the batch size, the number of lanes and the store.
/// </summary>
/// <remarks>A failing seed stands in the failure text (CsCheck_Seed).</remarks>
[TestClass]
public sealed class JoinPropertyTests
{
    private static readonly Gen<Feeding> Feedings = Gen.Select(
        Gen.OneOf(1, 3, 8), Gen.OneOf(1, 2, 7, 64), Gen.Int[0, 1_000_000], (lanes, batch, seed) => new Feeding(lanes, batch, seed, Faster: false));

    [TestMethod]
    public void AnyFeedingOfAHistory_EqualsTheReference() =>
        Gen.Select(History.Gen(withinDisorder: false), Feedings).Sample((history, feeding) => AssertEqualsReference(history, feeding), iter: Iterations.Of(2_000));

    [TestMethod]
    public void AnyFeedingOnFaster_EqualsTheReference() =>
        Gen.Select(History.Gen(withinDisorder: false), Feedings)
            .Sample((history, feeding) => AssertEqualsReference(history, feeding with { Faster = true, Lanes = Math.Min(feeding.Lanes, 3) }), iter: Iterations.Of(200));

    /// <summary>Arrival within D, dealt over 1 or 5 partitions: nothing is late, and the samples are those of the same events in one sorted partition.</summary>
    [TestMethod]
    public void AnyArrivalWithinDisorder_GivesTheSamplesOfTheSortedHistory() =>
        Gen.Select(History.Gen(withinDisorder: true, onlyValid: true), Feedings).Sample(
            (history, feeding) =>
            {
                using FlowHarness found = Feed(history, feeding);
                History sorted = history with { Partitions = 1, Events = [.. history.Events.Select(item => item with { Jitter = 0 })] };
                using FlowHarness expected = Feed(sorted, new Feeding(1, 1_000, 1, Faster: false));
                if (found.PartitionLedger.Late.Sum() != 0) throw new InvalidOperationException("an event within D is late");
                CompareSamples(expected.Samples, found.Samples);
            },
            iter: Iterations.Of(2_000));

    private static void AssertEqualsReference(History history, Feeding feeding)
    {
        JobOptions job = history.ToJob();
        ReferenceResult expected = ReferenceJoin.Run(job, history.ToSourceRecords());
        using FlowHarness found = Feed(history, feeding);
        CompareSamples([.. expected.Samples.Select(sample => (Text(sample.Key), Text(sample.Value)))], found.Samples);
        AssertLedgers(job, expected, found);
        AssertOrderInKeyGroups(found.Samples);
    }

    private static FlowHarness Feed(History history, Feeding feeding)
    {
        var harness = new FlowHarness(history.ToJob(), feeding.Lanes, feeding.Faster);
        int[] streams = [.. Enumerable.Range(0, history.Streams)];
        harness.FeedAll([.. history.ToPartitions().Select((records, number) => (harness.Partition(number, streams), records))], feeding);
        return harness;
    }

    private static void CompareSamples(IReadOnlyList<(string Key, string Value)> expected, IReadOnlyList<(string Key, string Value)> found)
    {
        string[] missing = [.. expected.Except(found).Select(sample => sample.Value)];
        string[] extra = [.. found.Except(expected).Select(sample => sample.Value)];
        if (missing.Length + extra.Length > 0 || expected.Count != found.Count)
            throw new InvalidOperationException($"expected {expected.Count}, found {found.Count}\nmissing:\n{string.Join('\n', missing)}\nextra:\n{string.Join('\n', extra)}");
    }

    private static void AssertLedgers(JobOptions job, ReferenceResult expected, FlowHarness found)
    {
        for (int stream = 0; stream < job.Streams.Count; stream++)
        {
            StreamLedger right = expected.Streams[stream];
            int rank = Topology.LaneRanks.Of(job.Streams)[stream];
            long[] foundCounts =
            [
                found.PartitionLedger.Records[stream], found.PartitionLedger.Filtered[stream].Sum(), found.PartitionLedger.Events[stream],
                found.PartitionLedger.Late[stream], found.Lanes.Sum(lane => lane.Ledger.Duplicate[rank]), found.Lanes.Sum(lane => lane.Ledger.Orphaned[rank]),
                rank == 0 ? found.Result.JoinedExposures : found.Result.JoinedActions[rank - 1],
                rank == 0 ? found.Result.InvalidExposures : found.Result.InvalidActions[rank - 1],
                found.Lanes.Sum(lane => lane.Ledger.InWindows[rank] + lane.Reorder.Waiting[rank]),
                found.Letters.Count(letter => letter.Stream == stream && letter.Reason == DeadLetterReason.Orphaned),
                found.Letters.Count(letter => letter.Stream == stream && letter.Reason == DeadLetterReason.Late),
            ];
            long[] expectedCounts =
                [right.Records, right.Filtered, right.Events, right.Late, right.Duplicate, right.Orphaned, right.Joined, right.Invalid, 0, right.Orphaned, right.Late];
            if (!expectedCounts.SequenceEqual(foundCounts))
                throw new InvalidOperationException($"ledger of {right.Name}: expected {string.Join(' ', expectedCounts)}, found {string.Join(' ', foundCounts)}");
        }
    }

    /// <summary>Samples of one key leave in the order of their windows.</summary>
    private static void AssertOrderInKeyGroups(IReadOnlyList<(string Key, string Value)> samples)
    {
        foreach (IGrouping<string, (string Key, string Value)> key in samples.GroupBy(sample => sample.Key))
        {
            long[] starts = [.. key.Select(sample => System.Text.Json.JsonDocument.Parse(sample.Value).RootElement.GetProperty("window_start").GetInt64())];
            if (!starts.SequenceEqual(starts.Order())) throw new InvalidOperationException($"key {key.Key} left in the order {string.Join(' ', starts)}");
        }
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
