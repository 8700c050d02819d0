using System.Text;
using System.Text.Json;
using Pipeline.Verification;

namespace Pipeline.Tests.Crashes;

/// <summary>What must hold of a run's output after any crashes. Each check gives what is wrong, a line each; nothing when all is well.</summary>
internal static class OutcomeChecks
{
    private const int Examples = 3;

    /// <summary>Samples that a reader saw are those of an uninterrupted run: each once, value and key byte for byte, and no other.</summary>
    public static IEnumerable<string> Samples(string reader, IReadOnlyCollection<ReferenceSample> expected, IEnumerable<FoundSample> found)
    {
        var examples = new List<string>();
        SampleComparison comparison = SampleComparison.Of(expected, found, Examples, examples.Add);
        if (comparison.Agrees) return [];
        return
        [
            $"{reader}: expected {comparison.Expected} samples, found {comparison.Found}: missing {comparison.Missing}, extra {comparison.Extra}, different {comparison.Different}, duplicates {comparison.Duplicates}",
            .. examples.Select(static example => "  " + example),
        ];
    }

    /// <summary>The same where clicks may be refused that came back below a floor: no sample is missing, more or twice, and in each only clicks can be.</summary>
    public static IEnumerable<string> SamplesWithFloors(string reader, IReadOnlyCollection<ReferenceSample> expected, IReadOnlyList<FoundSample> found, long refused)
    {
        Dictionary<string, SampleContent> wanted = expected.Select(static sample => SampleContent.Read(sample.Value)!).ToDictionary(static sample => sample.Id);
        long clicks = wanted.Values.Sum(static sample => sample.Clicks), foundClicks = 0;
        var seen = new HashSet<string>();
        var wrong = new List<string>();
        foreach (FoundSample each in found)
        {
            if (SampleContent.Read(each.Value) is not { } sample || !wanted.TryGetValue(sample.Id, out SampleContent? of)) wrong.Add($"extra {Text(each.Value)}");
            else if (!seen.Add(sample.Id)) wrong.Add($"duplicate {Text(each.Value)}");
            else if (sample.Rest != of.Rest || sample.Clicks > of.Clicks || sample.FirstDelay < of.FirstDelay)
                wrong.Add($"different {Text(each.Value)}\n    expected {of.Rest} with {of.Clicks} clicks or fewer, the first not before {of.FirstDelay} ms");
            else foundClicks += sample.Clicks;
        }
        if (seen.Count < wanted.Count) wrong.Add($"missing {wanted.Count - seen.Count} samples, the first {wanted.Keys.First(id => !seen.Contains(id))}");
        // A click below a floor may also be a repeat, or one that would have been orphaned: at most as many are missing in samples as were refused.
        if (clicks - foundClicks > refused) wrong.Add($"{clicks - foundClicks} clicks are missing in samples, and only {refused} were refused below a floor");
        return wrong.Count == 0 ? [] : [$"{reader}: expected {wanted.Count} samples, found {found.Count}; {wrong.Count} are not as they must be", .. wrong.Take(Examples).Select(static line => "  " + line)];
    }

    /// <summary>What one reader saw at the end is what the other saw on the way.</summary>
    public static IEnumerable<string> SameSeen(IReadOnlyList<SeenSample> onTheWay, IReadOnlyList<FoundSample> atTheEnd)
    {
        var left = atTheEnd.GroupBy(static sample => Text(sample.Key) + Text(sample.Value)).ToDictionary(static same => same.Key, static same => same.Count());
        foreach (SeenSample sample in onTheWay)
        {
            string text = Text(sample.Key) + Text(sample.Value);
            if (!left.TryGetValue(text, out int times)) return [$"the observer saw a sample that is not (or not so often) there at the end: {sample.Place} {text}"];
            if (times == 1) left.Remove(text);
            else left[text] = times - 1;
        }
        return left.Count == 0 ? [] : [$"the observer missed {left.Values.Sum()} samples that are there at the end, the first {left.Keys.First()}"];
    }

    /// <summary>In each place the samples of a key group stand in the order of emission; all samples of a key stand in one place.</summary>
    public static IEnumerable<string> Order(IReadOnlyList<SeenSample> seen)
    {
        var last = new Dictionary<(string, int), SampleContent>();
        var placeOf = new Dictionary<UInt128, string>();
        var wrong = new List<string>();
        foreach (SeenSample each in seen)
        {
            if (SampleContent.Read(each.Value) is not { } sample)
            {
                wrong.Add($"{each.Place}: no sample: {Text(each.Value)}");
                continue;
            }
            (string, int) group = (each.Place, sample.Point.Key.Group);
            if (last.TryGetValue(group, out SampleContent? before) && before.Point >= sample.Point)
                wrong.Add($"{each.Place}, key group {sample.Point.Key.Group}: {sample.Id} at {sample.Point} comes after {before.Id} at {before.Point}");
            last[group] = sample;
            UInt128 key = new(sample.Point.Key.Hi, sample.Point.Key.Lo);
            if (!placeOf.TryAdd(key, each.Place) && placeOf[key] != each.Place) wrong.Add($"{sample.Id} is in {each.Place}, another sample of its key in {placeOf[key]}");
        }
        return wrong.Count == 0 ? [] : [$"order: {wrong.Count} samples out of place", .. wrong.Take(Examples).Select(static line => "  " + line)];
    }

    /// <summary>The ledger of the last summary closes, counts the input once, and agrees with the reference and with the samples found.</summary>
    /// <param name="summary">The summary.</param>
    /// <param name="expected">By the reference, without the closing events.</param>
    /// <param name="records">Records written, by stream.</param>
    /// <param name="found">Samples found.</param>
    public static IEnumerable<string> Ledger(JsonElement summary, ReferenceResult expected, IReadOnlyDictionary<string, long> records, IReadOnlyList<FoundSample> found)
    {
        var wrong = new List<string>();
        Same("unaccounted", 0, summary.GetProperty("unaccounted").GetInt64());
        Same("samples", found.Count, summary.GetProperty("samples").GetInt64());
        Same("source_records", records.Values.Sum(), summary.GetProperty("source_records").GetInt64());
        SampleContent[] samples = [.. found.Select(static sample => SampleContent.Read(sample.Value)).OfType<SampleContent>()];
        bool deterministic = summary.GetProperty("deterministic").GetBoolean();
        foreach (StreamLedger stream in expected.Streams)
        {
            JsonElement ledger = summary.GetProperty("streams").GetProperty(stream.Name);
            long Of(string name) => ledger.GetProperty(name).GetInt64();
            Same($"{stream.Name}: records", records[stream.Name], Of("records"));
            Same($"{stream.Name}: rejected", records[stream.Name], Of("events") + Sum(ledger.GetProperty("rejected")));
            Same($"{stream.Name}: late", stream.Late, ledger.GetProperty("late").TryGetProperty("late", out JsonElement late) ? late.GetInt64() : 0);
            Same($"{stream.Name}: joined, by the samples", stream.Name == "click" ? samples.Sum(static sample => sample.Clicks) : samples.Sum(static sample => sample.Exposures), Of("joined"));
            if (!deterministic) continue;
            Same($"{stream.Name}: duplicate", stream.Duplicate, Of("duplicate"));
            Same($"{stream.Name}: joined", stream.Joined, Of("joined"));
            Same($"{stream.Name}: orphaned", stream.Orphaned, Of("orphaned"));
            Same($"{stream.Name}: open", records[stream.Name] - stream.Records, Of("open"));
        }
        return wrong;

        void Same(string what, long wanted, long is_)
        {
            if (wanted != is_) wrong.Add($"ledger: {what}: expected {wanted}, found {is_}");
        }
    }

    /// <summary>Events that were refused below a floor.</summary>
    public static long RefusedBelowFloors(JsonElement summary, string stream) =>
        summary.GetProperty("streams").GetProperty(stream).GetProperty("late").TryGetProperty("late_idle", out JsonElement refused) ? refused.GetInt64() : 0;

    /// <summary>Everything that the ledger says was refused lies in the dead letters, once or more often.</summary>
    public static IEnumerable<string> Letters(JsonElement summary, string file)
    {
        var letters = new HashSet<string>();
        if (File.Exists(file))
        {
            foreach (string line in File.ReadLines(file))
            {
                JsonElement letter = JsonElement.Parse(line);
                letters.Add($"{letter.GetProperty("reason")} {letter.GetProperty("source")} {letter.GetProperty("partition")} {letter.GetProperty("offset")}");
            }
        }
        long refused = Sum(summary.GetProperty("rejected")) + Sum(summary.GetProperty("late")) + summary.GetProperty("orphaned").GetInt64() + summary.GetProperty("invalid").GetInt64();
        // More are no mistake: of two equal events either may count, the other is the repeat, and a replay may take the other one; a judgement by a floor that was
        // not yet durable may be made anew.
        return letters.Count >= refused ? [] : [$"dead letters: {refused} records were refused, the letters are of {letters.Count}"];
    }

    private static long Sum(JsonElement counts) => counts.EnumerateObject().Sum(static count => count.Value.GetInt64());

    private static string Text(byte[]? bytes) => bytes is null ? "" : Encoding.UTF8.GetString(bytes);
}
