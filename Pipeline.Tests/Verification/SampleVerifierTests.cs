using System.Text;
using CsCheck;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
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

    /// <summary>A lost file's missing samples hide no other difference, whichever group comes first.</summary>
    [TestMethod]
    public void Examples_AreNoMoreInGroups_AndMissingSamplesComeLast()
    {
        using var folder = new TempFolder();
        (JobOptions job, List<SourceRecord> records) = Few();
        FoundSample[] samples = [.. ReferenceJoin.Run(job, records).Samples.Take(3).Select(static sample => Found(sample) with { Value = [] })];
        var told = new List<string>();

        SampleComparison comparison = new SampleVerifier(job, _ => samples, 7, told.Add).InGroups(records, 5, folder.Path);

        Assert.AreEqual(new SampleComparison(20, 3, 17, 0, 3, 0), comparison);
        CollectionAssert.AreEqual(
            new[] { "different", "different", "different", "missing", "missing", "missing", "missing" }, told.Select(static example => example.Split(' ')[0]).ToArray());
    }

    /// <summary>The columns of all samples are known when all files have been read, and rows stay with their own file's header.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(9)]
    public void CsvColumnsOfTheFirstFile_AreThoseOfEveryGroup(int groups)
    {
        using var folder = new TempFolder();
        StreamOptions exposure = History.Stream("exposure", StreamRole.Exposure) with { Format = RecordFormat.Csv };
        JobOptions job = History.JobOf(exposure, History.Stream("click", StreamRole.Action)) with { Output = new OutputOptions { Format = SampleFormat.Csv } };
        string[] first = ["user_id", "item_id", "ts", "title"], second = ["title", "ts", "item_id", "user_id"];
        List<SourceRecord> records =
        [
            .. Enumerable.Range(0, 10).Select(i => new SourceRecord(1, [0], Encoding.UTF8.GetBytes($"t{i},{History.TenOClock + i},i,second{i}"), Header: second)),
            .. Enumerable.Range(0, 10).Select(i => new SourceRecord(0, [0], Encoding.UTF8.GetBytes($"first{i},i,{History.TenOClock + i},t{i}"), Header: first)),
        ];
        ReferenceResult expected = ReferenceJoin.Run(job, records);
        string? header = null;
        var verifier = new SampleVerifier(job, csvHeader => { header = csvHeader; return expected.Samples.Select(Found); }, 5, Assert.Fail);

        SampleComparison comparison = verifier.InGroups(records, groups, folder.Path);

        Assert.AreEqual(new SampleComparison(20, 20, 0, 0, 0, 0), comparison);
        Assert.AreEqual(expected.CsvHeader, header);
        Assert.EndsWith(",features.user_id,features.item_id,features.ts,features.title", header);
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
        List<SourceRecord> records = [.. history.ToSourceRecords()];
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
