using System.Text;
using CsCheck;
using Pipeline.Configuration;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Models;
using Pipeline.Verification;
using RandomHistory = Pipeline.Tests.Models.History;

namespace Pipeline.Tests.Verification;

/// <summary>Judging keys in groups is judging them together.</summary>
/// <remarks>A failing seed stands in the failure text (CsCheck_Seed).</remarks>
[TestClass]
public sealed class SampleVerifierTests
{
    private static readonly Gen<Damage[]> Damages = Gen.OneOf(
        Damage.None, Damage.None, Damage.None, Damage.Missing, Damage.OtherValue, Damage.OtherKey, Damage.Twice, Damage.Behind, Damage.Unreadable).Array[1, 12];

    private enum Damage
    {
        None, Missing, OtherValue, OtherKey, Twice, Behind, Unreadable,
    }

    [TestMethod]
    public void Groups_GiveTheNumbersOfOnePass() =>
        Gen.Select(RandomHistory.Gen(withinDisorder: false), Damages, Gen.Int[2, 7], Gen.Int[0, 1_000]).Sample(AssertGroupsAgree, iter: Iterations.Of(500));

    [TestMethod]
    public void SamplesAsExpected_AgreeInGroups_AndTheFolderIsLeftEmpty()
    {
        using var folder = new TempFolder();
        (JobOptions job, List<SourceRecord> records) = Few();
        List<FoundSample> samples = [.. ReferenceJoin.Run(job, records).Samples.Select(Found)];

        SampleComparison comparison = new SampleVerifier(job, _ => samples, 5, Assert.Fail).InGroups(records, 3, folder.Path);

        Assert.AreEqual(new SampleComparison(20, 20, 0, 0, 0, 0), comparison);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void FailureOnTheWay_LeavesTheFolderEmpty()
    {
        using var folder = new TempFolder();
        (JobOptions job, List<SourceRecord> records) = Few();
        IEnumerable<FoundSample> Unreadable() => throw new InvalidDataException("unreadable");

        Assert.ThrowsExactly<InvalidDataException>(() => new SampleVerifier(job, _ => Unreadable(), 5, Assert.Fail).InGroups(records, 3, folder.Path));

        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Examples_AreNoMoreInGroups()
    {
        using var folder = new TempFolder();
        (JobOptions job, List<SourceRecord> records) = Few();
        var told = new List<string>();

        SampleComparison comparison = new SampleVerifier(job, static _ => [], 7, told.Add).InGroups(records, 3, folder.Path);

        Assert.AreEqual(20, comparison.Missing);
        Assert.HasCount(7, told);
    }

    [TestMethod]
    public void Events_ComeBackFromTheirFileAsTheyWere()
    {
        using var folder = new TempFolder();
        string[] columns = ["a", "b"], others = ["c"];
        ReferenceEvent[] events =
        [
            new(0, 5, ["ü", "k|2"], "\u00ff\0", "", [0, 10, 255], columns),
            new(63, 4_102_444_800_000, ["x"], "x", "\u00e9", [], others),
            new(1, 0, ["x"], "x", "1", new byte[100_000], null),
            new(1, 0, ["x"], "x", "2", [1], columns),
        ];
        var formats = new ItemFormats();
        using var files = new GroupFiles<ReferenceEvent>(folder.Path, "events", 1, formats.WriteEvent, formats.ReadEvent);
        foreach (ReferenceEvent item in events) files.Add(item.KeyBytes, item);

        List<ReferenceEvent> read = [.. files.Take(0)];

        Assert.HasCount(events.Length, read);
        for (int i = 0; i < events.Length; i++)
        {
            CollectionAssert.AreEqual(events[i].Key, read[i].Key);
            CollectionAssert.AreEqual(events[i].Bytes, read[i].Bytes);
            Assert.AreSame(events[i].Header, read[i].Header);
            Assert.AreEqual(events[i], read[i] with { Key = events[i].Key, Bytes = events[i].Bytes });
        }
    }

    private static void AssertGroupsAgree(RandomHistory history, Damage[] damages, int groups, int watermarkAt)
    {
        using var folder = new TempFolder();
        JobOptions job = history.ToJob();
        List<SourceRecord> records = [.. history.ToPartitions().SelectMany((values, number) =>
            values.Select(value => new SourceRecord(number, [.. Enumerable.Range(0, history.Streams)], value)))];
        List<ReferenceSample> expected = ReferenceJoin.Run(job, records).Samples;
        long[] ends = [.. expected.Select(sample => FoundSamples.WindowEnd(job, Found(sample))!.Value).Order()];
        // Up to somewhere in the history, or all of it.
        long watermark = ends.Length > 0 && watermarkAt < 700 ? ends[watermarkAt % ends.Length] : long.MaxValue;
        List<FoundSample> found = [.. expected.SelectMany((sample, i) => Damaged(sample, damages[i % damages.Length]))];
        SampleVerifier Verifier() => new(job, _ => found, 0, static _ => { })
        {
            Watermark = watermark,
            MayBeThere = watermark == long.MaxValue ? null : sample => FoundSamples.WindowEnd(job, sample) > watermark,
        };

        SampleComparison together = Verifier().InMemory(records), inGroups = Verifier().InGroups(records, groups, folder.Path);

        if (together != inGroups) throw new InvalidOperationException($"together {together} and {together.NotJudged} not judged, in {groups} groups {inGroups} and {inGroups.NotJudged}");
    }

    private static IEnumerable<FoundSample> Damaged(ReferenceSample sample, Damage damage) => damage switch
    {
        Damage.Missing => [],
        Damage.OtherValue => [Found(sample) with { Value = [.. sample.Value, (byte)' '] }],
        Damage.OtherKey => [Found(sample) with { Key = [.. sample.Key, (byte)'x'] }],
        Damage.Twice => [Found(sample), Found(sample)],
        Damage.Behind => [Found(sample), new FoundSample("another", null, """{"window_end":4000000000000}"""u8.ToArray())],
        Damage.Unreadable => [new FoundSample("", null, Encoding.UTF8.GetBytes("no sample"))],
        _ => [Found(sample)],
    };

    private static FoundSample Found(ReferenceSample sample) => new(sample.Id, sample.Key, sample.Value);

    /// <summary>Twenty exposures of as many users.</summary>
    private static (JobOptions Job, List<SourceRecord> Records) Few() => (
        new History().Job,
        [.. Enumerable.Range(0, 20).Select(static i => new SourceRecord(0, [0], Encoding.UTF8.GetBytes($"{{\"user_id\":\"u{i}\",\"item_id\":\"i\",\"ts\":{History.TenOClock + i}}}")))]);
}
