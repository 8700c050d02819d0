using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>Recomputes a job's samples and compares them with those found: all in memory, or one group of keys after the other.</summary>
/// <remarks>
/// Keys know nothing of each other once the records are read: what is late is decided before, by partition, and repeats, windows and samples are of one key.
/// So the join may be done by groups of keys. Samples are compared by their id, by which they are grouped anew: a found one may have any key.
/// Both ways give the same numbers (<c>SampleVerifierTests.Groups_GiveTheNumbersOfOnePass</c>).
/// </remarks>
/// <param name="job">The job.</param>
/// <param name="found">The samples found, by the CSV header that their files begin with; asked once.</param>
/// <param name="examples">Most differences told.</param>
/// <param name="tell">Takes a difference.</param>
internal sealed class SampleVerifier(JobOptions job, Func<string?, IEnumerable<FoundSample>> found, int examples, Action<string> tell)
{
    private readonly Examples _examples = new(examples, tell);

    /// <summary>Up to which watermark windows closed, ms; see <see cref="ReferenceJoin.Run"/>.</summary>
    public long Watermark { get; init; } = long.MaxValue;

    /// <summary>Says of a sample that is not expected whether nothing is known of it; null: it may never be there.</summary>
    public Func<FoundSample, bool>? MayBeThere { get; init; }

    /// <summary>With everything in memory.</summary>
    public SampleComparison InMemory(IEnumerable<SourceRecord> records)
    {
        ReferenceResult expected = ReferenceJoin.Run(job, records, Watermark);
        SampleComparison comparison = Compare(expected.Samples, found(expected.CsvHeader));
        _examples.End();
        return comparison;
    }

    /// <summary>With events and samples in files, one group of them at a time in memory. On disk are the events, then their samples with those found.</summary>
    /// <param name="records">The sources' records.</param>
    /// <param name="groups">How many groups; the events of a key are in one.</param>
    /// <param name="folder">A folder for the files; it is left empty.</param>
    /// <exception cref="IOException">The files cannot be written.</exception>
    public SampleComparison InGroups(IEnumerable<SourceRecord> records, int groups, string folder)
    {
        using var expected = new GroupFiles<ReferenceSample>(folder, "expected", groups, ItemFormats.WriteExpected, ItemFormats.ReadExpected);
        string? csvHeader = Join(records, groups, folder, expected);
        using var read = new GroupFiles<FoundSample>(folder, "found", groups, ItemFormats.WriteFound, ItemFormats.ReadFound);
        foreach (FoundSample sample in found(csvHeader)) read.Add(sample.Id, sample);
        SampleComparison all = SampleComparison.Nothing;
        for (int group = 0; group < groups; group++) all += Compare([.. expected.Take(group)], read.Take(group));
        _examples.End();
        return all;
    }

    private string? Join(IEnumerable<SourceRecord> records, int groups, string folder, GroupFiles<ReferenceSample> samples)
    {
        var formats = new ItemFormats();
        using var events = new GroupFiles<ReferenceEvent>(folder, "events", groups, formats.WriteEvent, formats.ReadEvent);
        ReferenceResult result = ReferenceJoin.NothingOf(job);
        foreach (ReferenceEvent next in ReferenceJoin.OnTimeEvents(job, records, result)) events.Add(next.KeyBytes, next);
        for (int group = 0; group < groups; group++)
        {
            ReferenceJoin.Judge(job, events.Take(group), Watermark, result);
            foreach (ReferenceSample sample in result.Samples) samples.Add(sample.Id, sample);
            result.Samples.Clear();
        }
        return result.CsvHeader;
    }

    private SampleComparison Compare(IReadOnlyCollection<ReferenceSample> expected, IEnumerable<FoundSample> samples) =>
        SampleComparison.Of(expected, samples, _examples, MayBeThere);
}
