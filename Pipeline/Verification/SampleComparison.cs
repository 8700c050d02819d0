using System.Text;
using System.Text.Json.Serialization;

namespace Pipeline.Verification;

/// <summary>How the samples found differ from those expected.</summary>
/// <param name="Expected">Samples the reference join makes.</param>
/// <param name="Found">Samples read.</param>
/// <param name="Missing">Expected and not found.</param>
/// <param name="Extra">Found, with an id that is not expected (or none).</param>
/// <param name="Different">Found with an expected id, and other bytes (the value's, or the record key's).</param>
/// <param name="Duplicates">Found again after the first of an id.</param>
internal sealed record SampleComparison(long Expected, long Found, long Missing, long Extra, long Different, long Duplicates)
{
    /// <summary>Nothing expected, nothing found.</summary>
    public static SampleComparison Nothing { get; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>Samples found and not judged, in none of the numbers.</summary>
    [JsonIgnore]
    public long NotJudged { get; private init; }

    /// <summary>Whether both are the same.</summary>
    [JsonIgnore]
    public bool Agrees => (Missing, Extra, Different, Duplicates) == (0, 0, 0, 0);

    /// <summary>Both together; they have no sample id in common.</summary>
    public static SampleComparison operator +(SampleComparison one, SampleComparison other) => new(
        one.Expected + other.Expected, one.Found + other.Found, one.Missing + other.Missing,
        one.Extra + other.Extra, one.Different + other.Different, one.Duplicates + other.Duplicates)
    {
        NotJudged = one.NotJudged + other.NotJudged,
    };

    /// <summary>Compares; at most <paramref name="examples"/> of the differences are told to <paramref name="tell"/>.</summary>
    /// <param name="expected">Samples that have to be there.</param>
    /// <param name="found">Samples that are.</param>
    /// <param name="examples">Most differences told.</param>
    /// <param name="tell">Takes a difference, in a line or a few.</param>
    /// <param name="mayBeThere">Says of a sample that is not expected whether nothing is known of it; null: it may never be there.</param>
    public static SampleComparison Of(
        IReadOnlyCollection<ReferenceSample> expected, IEnumerable<FoundSample> found, int examples, Action<string> tell, Func<FoundSample, bool>? mayBeThere = null)
    {
        var shown = new Examples(examples, tell);
        SampleComparison comparison = Of(expected, found, shown, mayBeThere);
        shown.End();
        return comparison;
    }

    /// <summary>The same for a part of the samples, with the examples of all.</summary>
    public static SampleComparison Of(
        IReadOnlyCollection<ReferenceSample> expected, IEnumerable<FoundSample> found, Examples examples, Func<FoundSample, bool>? mayBeThere)
    {
        var missing = expected.ToDictionary(sample => sample.Id);
        var seen = new HashSet<string>();
        long read = 0, notJudged = 0, extra = 0, different = 0, duplicates = 0;
        foreach (FoundSample sample in found)
        {
            read++;
            if (missing.Remove(sample.Id, out ReferenceSample? wanted))
            {
                seen.Add(sample.Id);
                if (sample.Value.AsSpan().SequenceEqual(wanted.Value) && (sample.Key is null || sample.Key.AsSpan().SequenceEqual(wanted.Key))) continue;
                different++;
                examples.Show($"different \n  expected {Text(wanted.Key)} {Text(wanted.Value)}\n  found    {Text(sample.Key)} {Text(sample.Value)}");
            }
            else if (seen.Contains(sample.Id))
            {
                duplicates++;
                examples.Show($"duplicate {Text(sample.Value)}");
            }
            else if (mayBeThere is not null && mayBeThere(sample))
            {
                read--;
                notJudged++;
            }
            else
            {
                extra++;
                examples.Show($"extra {Text(sample.Value)}");
            }
        }
        foreach (ReferenceSample sample in missing.Values) examples.Missing(sample);
        return new SampleComparison(expected.Count, read, missing.Count, extra, different, duplicates) { NotJudged = notJudged };
    }

    private static string Text(byte[]? bytes) => bytes is null ? "" : Encoding.UTF8.GetString(bytes);
}
