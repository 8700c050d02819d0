using Pipeline.Blocks.Formatting;

namespace Pipeline.Tests.Formatting;

/// <summary>Samples to the byte. The files under Golden were made without the formatters: the text by hand, the sample ids with xxhsum.</summary>
[TestClass]
public sealed class GoldenTests
{
    private const string Payload =
        """{"user_id":"u1", "item_id":"i2","ts":1764000000000,"scene":"caf\u00e9","position":7.50,"ctx":{"f1" : [1, 2e3],"on":true},"scene":"second","none":null}""";

    private static readonly string[] Columns = ["user_id", "item_id", "title", "note"];

    [TestMethod]
    public void JsonOfWholePayloads() => AssertGolden("json-all.jsonl", Windows(new FormatRig(new OutputOptions())));

    [TestMethod]
    public void JsonOfSelectedFeatures() => AssertGolden("json-selected.jsonl", Windows(new FormatRig(new OutputOptions
    {
        Features = [new() { From = "ctx.f1" }, new() { From = "missing" }, new() { From = "scene" }, new() { From = "position", As = "pos" }, new() { From = "none" }, new() { From = "ctx" }],
    })));

    [TestMethod]
    public void JsonOfCsvRows() => AssertGolden("json-from-csv.jsonl", Rows(new FormatRig(new OutputOptions(), columns: [Columns])));

    [TestMethod]
    public void CsvOfSelectedFeatures() => AssertGolden("csv-selected.csv", Windows(new FormatRig(
        FormatRig.Selected("ctx.f1", "missing", "scene", "position", "none", "ctx") with { Format = SampleFormat.Csv })));

    [TestMethod]
    public void CsvOfCsvRows() => AssertGolden("csv-from-csv.csv", Rows(new FormatRig(new OutputOptions { Format = SampleFormat.Csv }, columns: [Columns])));

    private static FormatRig Windows(FormatRig rig) => rig
        .Window(Payload, click: FormatRig.Actions(2, 1_199_999), exposures: 2)
        .Window(Payload, start: FormatRig.Start + 1_200_000)
        .Window("{}", key: ["u1", "i3"], like: FormatRig.Actions(1, 0))
        .Window("{ }", key: ["he said \"hi\", \\o/\n", "é😀"], click: FormatRig.Actions(1, 5), like: FormatRig.Actions(uint.MaxValue, uint.MaxValue), revision: 1);

    private static FormatRig Rows(FormatRig rig) => rig
        .Window("u1,i2,\"say \"\"hi\"\", you\",é\\", click: FormatRig.Actions(1, 0))
        .Window("\"u1\",i3,,", key: ["u1", "i3"]);

    private static void AssertGolden(string name, FormatRig rig)
    {
        string header = name.EndsWith(".csv", StringComparison.Ordinal) ? System.Text.Encoding.UTF8.GetString(CsvSampleFormatter.Header(rig.Shape)) : "";

        Assert.AreEqual(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Formatting", "Golden", name)), header + rig.Format().Lines);
    }
}
