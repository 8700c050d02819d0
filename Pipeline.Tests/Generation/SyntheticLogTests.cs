using System.Text;
using System.Text.Json;
using CsCheck;
using Pipeline.Generation;

namespace Pipeline.Tests.Generation;

[TestClass]
public sealed class SyntheticLogTests
{
    private static readonly SyntheticLogOptions Small = new() { Exposures = 20_000, Users = 500, Items = 50, Rate = 1000, Duplicates = 0.02 };

    private sealed record Line(bool Exposure, int Partition, long Time, long Arrival, string Key, string Json);

    private static List<Line> Lines(SyntheticLogOptions options)
    {
        var log = new SyntheticLog(options);
        var lines = new List<Line>();
        while (log.MoveNext())
            lines.Add(new Line(log.IsExposure, log.Partition, log.Time, log.Arrival, Encoding.UTF8.GetString(log.Key), Encoding.UTF8.GetString(log.Line)));
        return lines;
    }

    [TestMethod]
    public void SameOptions_SameBytes_AndAnotherSeedAnotherLog()
    {
        List<Line> first = Lines(Small);

        CollectionAssert.AreEqual(first, Lines(Small with { }));
        Assert.IsEmpty(first.Select(line => line.Json).Intersect(Lines(Small with { Seed = 2 }).Select(line => line.Json)).ToList());
    }

    [TestMethod]
    public void ALongerLog_BeginsWithTheExposuresOfAShorterOne()
    {
        List<Line> shorter = Lines(Small with { Exposures = 100, Duplicates = 0 });
        List<Line> longer = Lines(Small with { Exposures = 200, Duplicates = 0 });

        CollectionAssert.AreEqual(shorter.Where(line => line.Exposure).ToList(), longer.Where(line => line.Exposure).Take(100).ToList());
    }

    [TestMethod]
    public void ShareOfClicksAndRepeats_RateAndDelays_AreWhatWasAskedFor()
    {
        var options = Small with { Exposures = 200_000, Ctr = 0.25, Users = 1_000_000, Items = 10_000 };
        List<Line> lines = [.. Lines(options).DistinctBy(line => line.Json)];
        Dictionary<string, long> shown = lines.Where(line => line.Exposure).GroupBy(line => line.Key).ToDictionary(key => key.Key, key => key.First().Time);
        Line[] clicks = [.. lines.Where(line => !line.Exposure)];
        long[] exposed = [.. lines.Where(line => line.Exposure).Select(line => line.Arrival)];

        Assert.AreEqual(200_000, exposed.Length);
        Assert.AreEqual(0.25, clicks.Length / 200_000.0, 0.005);
        Assert.AreEqual(1000, 200_000 / ((exposed[^1] - exposed[0]) / 1000.0), 1);
        // An exponential law of mean 10.5 min cut at 60 min has the mean 10.5 − 60 / (e^(60/10.5) − 1) = 10.30 min.
        Assert.AreEqual(10.30, clicks.Average(click => click.Time - shown[click.Key]) / 60_000.0, 0.2);
        Assert.AreEqual(0.02, (Lines(options).Count - lines.Count) / (double)lines.Count, 0.002);
    }

    [TestMethod]
    public void NoEventIsMoreThanTheDisorderBehindTheNewest_InAnyPartition() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 20_000], Gen.Int[1, 7], Gen.Double[0, 2]).Sample(
            (seed, disorder, partitions, zipf) =>
            {
                var options = Small with { Exposures = 300, Seed = seed, Disorder = TimeSpan.FromMilliseconds(disorder), Partitions = partitions, Zipf = zipf, Rate = 20 };
                var newest = new Dictionary<(bool, int), long>();
                long arrival = long.MinValue;
                foreach (Line line in Lines(options))
                {
                    Assert.IsGreaterThanOrEqualTo(arrival, line.Arrival, "the log is in the order of arrival");
                    Assert.IsInRange(0L, disorder, line.Arrival - line.Time);
                    Assert.IsInRange(0, partitions - 1, line.Partition);
                    long most = newest.GetValueOrDefault((line.Exposure, line.Partition), long.MinValue);
                    if (most != long.MinValue) Assert.IsGreaterThanOrEqualTo(most - disorder, line.Time);
                    newest[(line.Exposure, line.Partition)] = Math.Max(most, line.Time);
                    arrival = line.Arrival;
                }
            }, iter: 30);

    [TestMethod]
    public void Line_IsJsonWithTheFieldsOfTheContract()
    {
        foreach (Line line in Lines(Small with { Exposures = 500, Ctr = 1 }))
        {
            JsonElement json = JsonElement.Parse(line.Json);
            Assert.AreEqual(line.Time, json.GetProperty("ts").GetInt64());
            Assert.AreEqual(line.Key, json.GetProperty("user_id").GetString() + "|" + json.GetProperty("item_id").GetString());
            Assert.AreEqual(16, json.GetProperty("event_id").GetString()!.Length);
            if (!line.Exposure) continue;
            Assert.AreEqual(JsonValueKind.String, json.GetProperty("scene").ValueKind);
            Assert.IsInRange(1, 50, json.GetProperty("position").GetInt32());
            Assert.IsTrue(json.GetProperty("features").EnumerateObject().All(feature => feature.Value.ValueKind == JsonValueKind.Number));
        }
    }

    [TestMethod]
    public void EventIds_AreUnique()
    {
        List<Line> lines = Lines(Small with { Ctr = 1, Duplicates = 0 });

        Assert.AreEqual(40_000, lines.Select(line => JsonElement.Parse(line.Json).GetProperty("event_id").GetString()).Distinct().Count());
    }

    [TestMethod]
    public void EveryKey_HasOnePartition_SharedByBothStreams()
    {
        IEnumerable<IGrouping<string, Line>> keys = Lines(Small with { Partitions = 7 }).GroupBy(line => line.Key);

        Assert.IsTrue(keys.All(key => key.Select(line => line.Partition).Distinct().Count() == 1));
    }

    [TestMethod]
    public void HotShare_IsOneKeysShare_AndLeavesTheOthersAsTheyWere()
    {
        Line[] plain = [.. Lines(Small)];
        Line[] hot = [.. Lines(Small with { HotShare = 0.5 })];

        Assert.HasCount(plain.Length, hot);
        Assert.AreEqual(0.5, hot.Count(line => line.Key == "u1|i1") / (double)hot.Length, 0.02);
        string[] others = [.. hot.Where(line => line.Key != "u1|i1").Select(line => line.Json)];
        CollectionAssert.IsSubsetOf(others, plain.Select(line => line.Json).ToArray());
    }

    [TestMethod]
    public void ALogWithoutAnEnd_KeepsComing()
    {
        var log = new SyntheticLog(new SyntheticLogOptions { Exposures = long.MaxValue, Rate = 0.001 });

        for (int i = 0; i < 10_000; i++) Assert.IsTrue(log.MoveNext());

        Assert.AreEqual(10_000, log.Exposures + log.Clicks);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.5)]
    [DataRow(1.0)]
    [DataRow(1.0001)]
    [DataRow(1.8)]
    public void ZipfLaw_DrawsRanksByTheirPower(double exponent)
    {
        const int Ranks = 50, Draws = 200_000;
        var law = new ZipfLaw(Ranks, exponent);
        var random = new SplitMix64(7, 7, 7);
        var drawn = new int[Ranks + 1];
        for (int i = 0; i < Draws; i++) drawn[law.Draw(ref random)]++;

        double total = Enumerable.Range(1, Ranks).Sum(rank => Math.Pow(rank, -exponent));
        for (int rank = 1; rank <= Ranks; rank++)
        {
            double expected = Draws * Math.Pow(rank, -exponent) / total;
            Assert.AreEqual(expected, drawn[rank], 5 * Math.Sqrt(expected) + 1, $"rank {rank}");
        }
    }
}
