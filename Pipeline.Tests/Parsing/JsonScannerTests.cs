using System.Text;
using System.Text.Unicode;
using CsCheck;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Parsing;

[TestClass]
public sealed class JsonScannerTests
{
    private const int Accidents = 50_000;

    private static readonly JsonFieldNode Root = Tree("a", "b", "a.b", "c.a", "user_id", "ts", "features.f1", "x");

    [TestMethod]
    public void DamagedObjects_AreScannedAsTheReaderReadsThem() => JsonGen.Damaged.Sample(AgreesWithReader, iter: Accidents, print: Convert.ToHexString);

    [TestMethod]
    public void TheCorpus_IsScannedAsTheReaderReadsIt()
    {
        RecordBatch batch = Corpus.Rig("json").Batch();
        foreach (CorpusCase item in Corpus.Cases) item.AddTo(batch, 0);

        foreach (RawRecord record in batch.Records[..batch.RecordCount].Where(record => record.Length >= 0))
            AgreesWithReader(batch.Bytes[record.Start..(record.Start + record.Length)]);
    }

    [TestMethod]
    public void EveryTruncation_IsMalformed()
    {
        byte[] json = """ {"a":{"b":[1,-0.5e+7,{"c":"\u00e9\n"}],"x":null},"b":true,"c":{"a":false},"user_id":"u"}"""u8.ToArray();
        var values = new FieldValue[16];

        Assert.IsTrue(JsonScanner.TryExtract(json, Root, values));
        for (int length = 0; length < json.Length; length++)
            Assert.IsFalse(JsonScanner.TryExtract(json.AsSpan(0, length), Root, values), Encoding.UTF8.GetString(json, 0, length));
    }

    [TestMethod]
    public void EveryByteInAString_IsTextOrMalformedAsTheReaderSays()
    {
        for (int value = 0; value < 256; value++)
            for (int at = 0; at < 40; at++)
            {
                byte[] json = Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('t', 40)}\"}}");
                json[6 + at] = (byte)value;
                AgreesWithReader(json);
            }
    }

    /// <summary>Strings that end in the first, the last or the next word of quotes, in records of up to and beyond the words there are; with and without what makes a record not plain.</summary>
    [TestMethod]
    [DataRow("")]
    [DataRow("\\n")]
    [DataRow("\\\"")]
    [DataRow("\u007f\u0001")]
    [DataRow("中")]
    public void StringsOfAnyLength_EndAtTheirQuote(string inside)
    {
        int longest = JsonQuotes.MostWords * 64;
        foreach (int length in Enumerable.Range(0, 200).Concat(Enumerable.Range(longest - 40, 80)))
        {
            byte[] json = Encoding.UTF8.GetBytes($"{{\"a\":\"{inside}{new string('t', length)}\",\"x\":{{\"b\":\"\"}},\"ts\":1}}");
            AgreesWithReader(json);
            AgreesWithReader(json[..^1]);
        }
    }

    private static void AgreesWithReader(byte[] json)
    {
        if (!Utf8.IsValid(json) || !JsonEscapes.SurrogatesArePaired(json)) return;
        var expected = new FieldValue[16];
        var found = new FieldValue[16];

        bool sound = Utf8JsonExtraction.TryExtract(json, Root, expected);

        Assert.AreEqual(sound, JsonScanner.TryExtract(json, Root, found));
        if (sound) CollectionAssert.AreEqual(expected, found);
    }

    private static JsonFieldNode Tree(params string[] paths)
    {
        var table = new FieldTable();
        foreach (string path in paths) table.Add(path);
        return JsonFieldNode.Build(table, out _);
    }
}
