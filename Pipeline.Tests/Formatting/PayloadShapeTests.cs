using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Formatting;

namespace Pipeline.Tests.Formatting;

[TestClass]
public sealed class PayloadShapeTests
{
    private static readonly OutputOptions CsvAll = new() { Format = SampleFormat.Csv };

    [TestMethod]
    public void FilesWithOtherOrdersOfColumns_StandUnderOneHeader()
    {
        FormatRig rig = new FormatRig(CsvAll, columns: [["scene", "title"], ["title", "scene"], ["title"]])
            .Window("feed,one", partition: 0)
            .Window("two,search", partition: 1)
            .Window("three", partition: 2)
            .Format();

        StringAssert.EndsWith(Encoding.UTF8.GetString(CsvSampleFormatter.Header(rig.Shape)), ",features.scene,features.title\n");
        CollectionAssert.AreEqual(new[] { "feed,one", "search,two", ",three" }, rig.Values.Select(value => value[(value.IndexOf(",1,1,", StringComparison.Ordinal) + 5)..]).ToArray());
    }

    [TestMethod]
    public void FileWithAColumnTheHeaderLacks_IsRefusedByName()
    {
        FormatRig rig = new FormatRig(CsvAll, columns: [["scene"], ["scene", "price"]]).Window("feed,7", partition: 1);

        InvalidDataException refused = Assert.ThrowsExactly<InvalidDataException>(() => rig.Format());

        StringAssert.Contains(refused.Message, "'price'");
    }

    [TestMethod]
    public void CsvOutputOfWholeJsonPayloads_IsRefused() => Assert.ThrowsExactly<ArgumentException>(() => new FormatRig(CsvAll));

    [TestMethod]
    public void ColumnWithoutAName_IsKept() =>
        StringAssert.EndsWith(new FormatRig(CsvAll, columns: [["", "scene"]]).Window("0,feed").Format().Values.Single(), ",1,1,0,feed");

    [TestMethod]
    [DataRow(false, "{\n\"a\" :\n\"x\\n\"}", "[1,\r\n2]")]
    [DataRow(true, "{ \"a\" : \"x\\n\"}", "[1,\r 2]")]
    public void LineFeedsBetweenTokens_BecomeSpacesWhereASampleIsOneLine(bool oneLine, string object1, string array)
    {
        string payload = $"{{\"o\":{"{\n\"a\" :\n\"x\\n\"}"},\n\"l\":{"[1,\r\n2]"}}}";

        string all = new FormatRig(new OutputOptions(), lines: oneLine).Window(payload).Format().Values.Single();
        string selected = new FormatRig(FormatRig.Selected("o", "l"), lines: oneLine).Window(payload).Format().Values.Single();

        StringAssert.EndsWith(all, $"\"features\":{{\"o\":{object1},{(oneLine ? ' ' : '\n')}\"l\":{array}}}}}");
        StringAssert.EndsWith(selected, $"\"features\":{{\"o\":{object1},\"l\":{array}}}}}");
        Assert.AreEqual("x\n", JsonElement.Parse(all).GetProperty("features").GetProperty("o").GetProperty("a").GetString());
    }
}
