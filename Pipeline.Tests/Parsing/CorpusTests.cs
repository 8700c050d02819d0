using System.Text.Json;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Parsing;

[TestClass]
public sealed class CorpusTests
{
    private static readonly Dictionary<string, CorpusCase> ByName = Corpus.Cases.ToDictionary(item => item.Name);

    public static IEnumerable<TestDataRow<string>> Names => Corpus.Cases.Select(item => new TestDataRow<string>(item.Name) { DisplayName = item.Name });

    public static IEnumerable<string> SetupNames => Corpus.Cases.Select(item => item.Setup).Distinct();

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void RecordOfTheCorpus_BecomesWhatItMust(string name)
    {
        CorpusCase item = ByName[name];
        ParserRig rig = Corpus.Rig(item.Setup);
        RecordBatch batch = rig.Batch(item.At);
        item.AddTo(batch, 0);

        rig.Parse(batch);

        AssertOutcomes(item, batch, 0);
    }

    [TestMethod]
    [DynamicData(nameof(SetupNames))]
    public void AllRecordsOfASetup_BecomeTheSameInOneBatch(string setup)
    {
        ParserRig rig = Corpus.Rig(setup);
        CorpusCase[] items = [.. Corpus.Cases.Where(item => item.Setup == setup)];
        RecordBatch batch = rig.Batch(items.Max(item => item.At));
        for (int i = 0; i < items.Length; i++) items[i].AddTo(batch, i);

        rig.Parse(batch);

        Assert.AreEqual(items.Sum(item => item.Expected.Count), batch.EventCount);
        int first = 0;
        foreach (CorpusCase item in items)
        {
            AssertOutcomes(item, batch, first);
            first += item.Expected.Count;
        }
    }

    [TestMethod]
    public void Corpus_CoversEveryOutcome()
    {
        string[] covered = [.. Corpus.Cases.SelectMany(item => item.Expected).Select(expected => expected.GetProperty("outcome").GetString()!).Distinct().Order()];

        CollectionAssert.AreEquivalent(Enum.GetValues<EventOutcome>().Select(Name).ToArray(), covered);
        Assert.IsGreaterThanOrEqualTo(500, Corpus.Cases.Count);
    }

    private static void AssertOutcomes(CorpusCase item, RecordBatch batch, int first)
    {
        for (int stream = 0; stream < item.Expected.Count; stream++)
        {
            ref ParsedEvent parsed = ref batch.Events[first + stream];
            Assert.AreEqual(stream, parsed.Stream, item.Name);
            AssertOutcome($"{item.Name}, stream {stream}", item.Expected[stream], batch, parsed);
        }
    }

    private static void AssertOutcome(string name, JsonElement expected, RecordBatch batch, in ParsedEvent parsed)
    {
        Assert.AreEqual(expected.GetProperty("outcome").GetString(), Name(parsed.Outcome), name);
        Assert.AreEqual(expected.TryGetProperty("time", out JsonElement time), parsed.TimeAccepted, $"{name}: whether the time was accepted");
        if (parsed.TimeAccepted) Assert.AreEqual(time.GetInt64(), parsed.Time, $"{name}: time");
        if (expected.TryGetProperty("filter", out JsonElement filter)) Assert.AreEqual(filter.GetInt32(), parsed.Filter, $"{name}: filter");
        if (parsed.Outcome != EventOutcome.Event) return;
        string[] key = ParserRig.KeyTexts(batch, parsed);
        if (expected.TryGetProperty("key", out JsonElement texts))
            CollectionAssert.AreEqual(texts.EnumerateArray().Select(text => text.GetString()).ToArray(), key, $"{name}: key");
        else
            CollectionAssert.AreEqual(expected.GetProperty("key_lengths").EnumerateArray().Select(length => length.GetInt32()).ToArray(), key.Select(text => text.Length).ToArray(), $"{name}: key");
        Assert.AreEqual(KeyEncoding.Hash(batch.Arena.AsSpan(parsed.KeyStart, parsed.KeyLength)), parsed.Key, $"{name}: key hash");
        Assert.AreEqual(expected.TryGetProperty("id", out JsonElement id) ? id.GetString() : "", ParserRig.Id(batch, parsed), $"{name}: event id");
        if (expected.TryGetProperty("payload", out JsonElement payload)) Assert.AreEqual(payload.GetString(), ParserRig.Payload(batch, parsed), $"{name}: payload");
    }

    private static string Name(EventOutcome outcome) => outcome switch
    {
        EventOutcome.Filtered => "filtered",
        EventOutcome.Event => "event",
        _ => ReasonNames.Name(outcome),
    };
}
