using System.Text;
using System.Text.Json;
using CsCheck;
using Pipeline.Blocks.Formatting;

namespace Pipeline.Tests.Formatting;

[TestClass]
public sealed class JsonTextTests
{
    private static readonly Gen<string> Text =
        Gen.OneOf(Gen.Char['\0', '\x7f'].Select(c => c.ToString()), Gen.OneOf("é", "中", "😀", "\u2028", "\uFFFE", "<", "+", "&")).Array[0, 40].Select(string.Concat);

    [TestMethod]
    public void AnyText_IsReadBackByAJsonReader_AndEscapedOnlyWhereItMust() => Text.Sample(text =>
    {
        string written = Write(text);

        Assert.AreEqual(text, JsonElement.Parse(written).GetString());
        int escapes = text.Count(c => c is '"' or '\\' or < ' ');
        Assert.AreEqual(escapes, written.Replace("\\\\", "~", StringComparison.Ordinal).Count(c => c == '\\') + text.Count(c => c == '\\'), written);
    }, iter: 10_000);

    [TestMethod]
    [DataRow("", "\"\"")]
    [DataRow("\"\\/", "\"\\\"\\\\/\"")]
    [DataRow("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"")]
    [DataRow("\0\u001a\u001f\u007f", "\"\\u0000\\u001a\\u001f\u007f\"")]
    public void Escapes_AreTheShortestInLowerCase(string text, string expected) => Assert.AreEqual(expected, Write(text));

    private static string Write(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        var target = new byte[JsonText.MostBytes(utf8.Length)];
        return Encoding.UTF8.GetString(target, 0, JsonText.Write(target, utf8));
    }
}
