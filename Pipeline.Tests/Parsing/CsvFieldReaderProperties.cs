using System.Text;
using CsCheck;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Parsing;

namespace Pipeline.Tests.Parsing;

[TestClass]
public sealed class CsvFieldReaderProperties
{
    private const int Rows = 20_000;

    private static readonly string[] Columns = ["a", "b", "c"];
    private static readonly Gen<string> Text = Gen.OneOf("a", "7", " ", ",", "\"", "\"\"", "é", "😀", "\t", ";", "\\").Array[0, 5].Select(string.Concat);
    private static readonly Gen<string> Noise = Gen.OneOf("a", ",", ",", "\"", "\"", "\"\"", " ", "\0", "\n", "\r", "é").Array[0, 12].Select(string.Concat);

    [TestMethod]
    public void WrittenRows_AreReadBack() => Gen.Select(Text.Array[3], Gen.Bool.Array[3]).Sample((texts, quoted) =>
    {
        string row = string.Join(',', texts.Zip(quoted, Write));

        string[]? found = Read(row);

        CollectionAssert.AreEqual(texts, found, row);
    }, iter: Rows);

    [TestMethod]
    public void RandomRows_AreReadAsByALineOfCharacters() => Noise.Sample(row =>
    {
        string[]? expected = ReadByCharacters(row);

        CollectionAssert.AreEqual(expected, Read(row), row);
    }, iter: Rows);

    private static string Write(string text, bool quote) =>
        quote || text.AsSpan().ContainsAny(',', '"') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static string[]? Read(string row)
    {
        var table = new FieldTable();
        foreach (string column in Columns) table.Add(column);
        var reader = new CsvFieldReader(table, Columns, ',');
        var values = new FieldValue[reader.ValueCount];
        byte[] bytes = Encoding.UTF8.GetBytes(row);
        if (!reader.TryRead(bytes, values)) return null;
        return [.. values.Select(value => Encoding.UTF8.GetString(FieldText.Of(bytes, value, new byte[value.Length])))];
    }

    /// <summary>RFC 4180, one state at a time.</summary>
    private static string[]? ReadByCharacters(string row)
    {
        if (row.AsSpan().ContainsAny('\0', '\r', '\n')) return null;
        var fields = new List<string>();
        var field = new StringBuilder();
        bool quoted = false, closed = false, begun = false;
        for (int i = 0; i < row.Length; i++)
        {
            char c = row[i];
            if (quoted && c == '"' && i + 1 < row.Length && row[i + 1] == '"') { field.Append('"'); i++; }
            else if (quoted && c == '"') { quoted = false; closed = true; }
            else if (quoted) field.Append(c);
            else if (c == ',') { fields.Add(field.ToString()); field.Clear(); closed = begun = false; }
            else if (closed) return null;
            else if (c == '"' && !begun) quoted = begun = true;
            else if (c == '"') return null;
            else { field.Append(c); begun = true; }
        }
        if (quoted) return null;
        fields.Add(field.ToString());
        return fields.Count == Columns.Length ? [.. fields] : null;
    }
}
