using System.Text;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Parsing;

namespace Pipeline.Tests.Parsing;

[TestClass]
public sealed class FieldTextTests
{
    [TestMethod]
    [DataRow("7", 7)]
    [DataRow("-7.25", -7.25)]
    [DataRow("1e3", 1000)]
    [DataRow("1E-2", 0.01)]
    [DataRow("0.1", 0.1)]
    [DataRow("007", 7)]
    [DataRow("1e999", double.PositiveInfinity)]
    [DataRow("-1e999", double.NegativeInfinity)]
    public void Number_IsReadFromItsText(string text, double expected)
    {
        Assert.IsTrue(FieldText.TryNumber(Encoding.UTF8.GetBytes(text), out double number));
        Assert.AreEqual(expected, number);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("-")]
    [DataRow("+7")]
    [DataRow(".5")]
    [DataRow("5.")]
    [DataRow(" 7")]
    [DataRow("7 ")]
    [DataRow("7\0")]
    [DataRow("NaN")]
    [DataRow("-Infinity")]
    [DataRow("1,0")]
    [DataRow("0x10")]
    [DataRow("1e")]
    [DataRow("--1")]
    public void OtherTexts_AreNoNumbers(string text) => Assert.IsFalse(FieldText.TryNumber(Encoding.UTF8.GetBytes(text), out _));

    [TestMethod]
    public void ObjectAndAFieldInsideIt_AreBothFound()
    {
        var table = new FieldTable();
        int inside = table.Add("features.f1");
        int whole = table.Add("features");
        int again = table.Add("features.f1");
        var reader = new JsonFieldReader(table);
        var values = new FieldValue[reader.ValueCount];
        byte[] payload = """{"features": {"f0":[1,2],"f1":"a\tb"} ,"x":null}"""u8.ToArray();

        Assert.IsTrue(reader.TryRead(payload, values));

        Assert.AreEqual(inside, again);
        Assert.AreEqual(new FieldValue(13, 24, FieldKind.Object, false), values[whole]);
        Assert.AreEqual("""{"f0":[1,2],"f1":"a\tb"}""", Encoding.UTF8.GetString(values[whole].Raw(payload)));
        Assert.AreEqual("\"a\\tb\"", Encoding.UTF8.GetString(values[inside].Raw(payload)));
        Assert.IsTrue(values[inside].Escaped);
        Assert.AreEqual("a\tb", Encoding.UTF8.GetString(FieldText.Of(payload, values[inside], new byte[16])));
        Assert.IsTrue(values[whole].IsJson && values[inside].IsJson);
        Assert.IsFalse(values[whole].HasText);
    }

    [TestMethod]
    public void ValuesOfThePreviousRecord_AreForgotten()
    {
        var table = new FieldTable();
        table.Add("a");
        var reader = new JsonFieldReader(table);
        var values = new FieldValue[reader.ValueCount];

        Assert.IsTrue(reader.TryRead("""{"a":1}"""u8, values));
        Assert.IsTrue(reader.TryRead("""{"b":1}"""u8, values));

        Assert.AreEqual(FieldKind.Missing, values[0].Kind);
    }

    [TestMethod]
    [DataRow('"')]
    [DataRow('\n')]
    [DataRow('；')]
    public void DelimiterThatCannotDelimit_IsRefused(char delimiter) =>
        Assert.ThrowsExactly<ArgumentException>(() => new CsvFieldReader(new FieldTable(), ["a"], delimiter));
}
