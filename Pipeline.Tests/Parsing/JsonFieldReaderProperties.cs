using System.Text;
using System.Text.Json;
using CsCheck;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Parsing;

namespace Pipeline.Tests.Parsing;

[TestClass]
public sealed class JsonFieldReaderProperties
{
    private const int Objects = 20_000;
    private const int Accidents = 30_000;

    private static readonly FieldTable Table = TableOf("a.b", "a", "b", "c", "a.c", "b.a.c", "c.a", "b.a");

    [TestMethod]
    public void FieldsOfRandomObjects_AreThoseOfTheDocument() =>
        JsonGen.Object.Sample(json => AgreesWithDocument(json), iter: Objects, print: Encoding.UTF8.GetString);

    [TestMethod]
    public void DamagedObjects_AreMalformedExactlyWhenTheDocumentIs() =>
        JsonGen.Damaged.Sample(json => AgreesWithDocument(json), iter: Accidents, print: Print);

    [TestMethod]
    public void Accidents_LeaveBothSoundAndUnsoundRecords()
    {
        int sound = 0, unsound = 0;
        JsonGen.Damaged.Sample(json => { _ = JsonOracle.Document(json) is null ? unsound++ : sound++; }, iter: 2_000, threads: 1);

        Assert.IsGreaterThan(100, sound);
        Assert.IsGreaterThan(100, unsound);
    }

    private static void AgreesWithDocument(byte[] json)
    {
        var reader = new JsonFieldReader(Table);
        var values = new FieldValue[reader.ValueCount];
        using JsonDocument? document = JsonOracle.Document(json);

        reader.Locate(json, out int start, out int length);
        bool sound = reader.TryRead(json, values);

        Assert.AreEqual(document is not null, sound, "whether it is sound");
        if (document is null) return;
        Assert.AreEqual(document.RootElement.GetRawText(), Encoding.UTF8.GetString(json, start, length), "the payload");
        for (int i = 0; i < Table.Count; i++)
            AssertField(Table.Paths[i], JsonOracle.Find(document.RootElement, Table.Paths[i]), json, values[i]);
    }

    private static void AssertField(string path, JsonElement? expected, byte[] json, in FieldValue found)
    {
        Assert.AreEqual(KindOf(expected), found.Kind, path);
        if (expected is not { } element) return;
        Assert.AreEqual(element.GetRawText(), Encoding.UTF8.GetString(found.Raw(json)), path);
        if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null) return;
        string text = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
        Assert.AreEqual(text, Encoding.UTF8.GetString(FieldText.Of(json, found, new byte[found.Length])), path);
        Assert.AreEqual(found.HasText && text.Length > 0, found.HasContent, path);
    }

    private static FieldKind KindOf(JsonElement? element) => element?.ValueKind switch
    {
        null => FieldKind.Missing,
        JsonValueKind.String => FieldKind.String,
        JsonValueKind.Number => FieldKind.Number,
        JsonValueKind.True => FieldKind.True,
        JsonValueKind.False => FieldKind.False,
        JsonValueKind.Object => FieldKind.Object,
        JsonValueKind.Array => FieldKind.Array,
        _ => FieldKind.Null,
    };

    private static FieldTable TableOf(params string[] paths)
    {
        var table = new FieldTable();
        foreach (string path in paths) table.Add(path);
        return table;
    }

    private static string Print(byte[] json) => $"{Encoding.UTF8.GetString(json)} = {Convert.ToHexString(json)}";
}
