using System.Text;
using System.Text.Json;
using CsCheck;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Parsing;

namespace Pipeline.Tests.Formatting;

/// <summary>Whatever was shown and done, a sample is read back, by readers other than ours, as what went in.</summary>
[TestClass]
public sealed class SamplePropertyTests
{
    private const int Samples = 5_000;

    private static readonly string[] Paths = ["a", "x.a", "missing", "b"];
    private static readonly Gen<string> KeyText = Gen.OneOf("a", "7", "|", ",", "\"", "\\", "\n", "\t", "\u0001", "é", "😀", "\u2028").Array[1, 6].Select(string.Concat);
    private static readonly Gen<string> Cell = Gen.OneOf("a", "7", ",", "\"", "\\", "\t", "é", "😀", ";").Array[0, 6].Select(string.Concat);
    private static readonly Gen<ActionCell> Action = Gen.Frequency(
        (1, Gen.Const(default(ActionCell))), (2, Gen.Select(Gen.UInt[1, uint.MaxValue], Gen.UInt).Select(FormatRig.Actions)));

    [TestMethod]
    public void JsonSamples_HoldTheirInput() => Gen.Select(JsonGen.Object, KeyText.Array[2], Action, Action, Gen.Long[0, 4_102_444_800_000], Gen.UInt).Sample(
        (payload, key, click, like, start, exposures) =>
        {
            string json = Encoding.UTF8.GetString(payload);
            // The generator goes a level past what the checks of a record let through.
            if (!IsSound(payload)) return;
            FormatRig rig = new FormatRig(new OutputOptions()).Window(json, key, click, like, start, exposures).Format();

            JsonElement sample = JsonElement.Parse(rig.Values.Single(), new JsonDocumentOptions { MaxDepth = 65 });

            CollectionAssert.AreEqual(
                new[] { "sample_id", "key", "window_start", "window_end", "revision", "exposures", "label", "labels", "weight", "sampling_rate", "features" },
                sample.EnumerateObject().Select(property => property.Name).ToArray());
            CollectionAssert.AreEqual(key, sample.GetProperty("key").EnumerateObject().Select(field => field.Value.GetString()).ToArray());
            Assert.AreEqual(start, sample.GetProperty("window_start").GetInt64());
            Assert.AreEqual(start + 1_200_000, sample.GetProperty("window_end").GetInt64());
            Assert.AreEqual(exposures, sample.GetProperty("exposures").GetUInt32());
            Assert.AreEqual(click.Count > 0 ? 1 : 0, sample.GetProperty("label").GetInt32());
            AssertLabel(click, sample.GetProperty("labels").GetProperty("click"));
            AssertLabel(like, sample.GetProperty("labels").GetProperty("like"));
            Assert.AreEqual(json.Trim(), sample.GetProperty("features").GetRawText().Trim());
            Assert.AreEqual(string.Join('|', key), rig.Keys.Single());
        }, iter: Samples);

    [TestMethod]
    public void SelectedFeatures_HoldWhatADocumentFinds() => JsonGen.Object.Sample(payload =>
    {
        if (!IsSound(payload)) return;
        FormatRig rig = new FormatRig(FormatRig.Selected(Paths)).Window(Encoding.UTF8.GetString(payload)).Format();

        JsonElement features = JsonElement.Parse(rig.Values.Single(), new JsonDocumentOptions { MaxDepth = 66 }).GetProperty("features");

        JsonElement root = JsonElement.Parse(payload, new JsonDocumentOptions { MaxDepth = 64 });
        string expected = string.Join('\n', Paths.Select(path => (path, Value: Find(root, path))).Where(found => found.Value is not null).Select(found => $"{found.path}:{found.Value}"));
        Assert.AreEqual(expected, string.Join('\n', features.EnumerateObject().Select(feature => $"{feature.Name}:{feature.Value.GetRawText()}")));
    }, iter: Samples);

    [TestMethod]
    public void CsvRows_AreTheSameInBothFormats() => Gen.Select(Cell.Array[3], Gen.Bool.Array[3]).Sample((cells, quoted) =>
    {
        string[][] columns = [["a", "b,", "c"]];
        string row = string.Join(',', cells.Zip(quoted, (cell, quote) => quote || cell.AsSpan().ContainsAny(',', '"') ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell));

        string json = new FormatRig(new OutputOptions(), columns: columns).Window(row).Format().Values.Single();
        string csv = new FormatRig(new OutputOptions { Format = SampleFormat.Csv }, columns: columns).Window(row).Format().Values.Single();

        CollectionAssert.AreEqual(cells, JsonElement.Parse(json).GetProperty("features").EnumerateObject().Select(feature => feature.Value.GetString()).ToArray(), json);
        CollectionAssert.AreEqual(cells, SplitRow(csv)[^3..], csv);
    }, iter: Samples);

    private static void AssertLabel(ActionCell expected, JsonElement found)
    {
        Assert.AreEqual(expected.Count > 0 ? 1 : 0, found.GetProperty("label").GetInt32());
        Assert.AreEqual(expected.Count, found.GetProperty("count").GetUInt32());
        Assert.AreEqual(expected.Count > 0, found.TryGetProperty("first_delay_ms", out JsonElement delay));
        if (expected.Count > 0) Assert.AreEqual(expected.FirstDelay, delay.GetUInt32());
    }

    private static bool IsSound(byte[] payload)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 64 });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The raw value at a path; of duplicate names the first.</summary>
    private static string? Find(JsonElement at, string path)
    {
        foreach (string name in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object) return null;
            JsonElement[] found = [.. at.EnumerateObject().Where(property => property.Name == name).Take(1).Select(property => property.Value)];
            if (found.Length == 0) return null;
            at = found[0];
        }
        return at.GetRawText();
    }

    /// <summary>RFC 4180 by characters: a comma parts fields while the quotes so far are even.</summary>
    private static string[] SplitRow(string row)
    {
        List<string> fields = [""];
        int quotes = 0;
        foreach (char c in row)
        {
            if (c == '"') quotes++;
            if (c == ',' && quotes % 2 == 0) fields.Add("");
            else fields[^1] += c;
        }
        return [.. fields.Select(field => field.StartsWith('"') ? field[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : field)];
    }
}
