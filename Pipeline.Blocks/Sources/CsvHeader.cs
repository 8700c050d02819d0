using System.Text;

namespace Pipeline.Blocks.Sources;

/// <summary>Column names from a header row (RFC 4180: a name may be quoted, a quote in it is doubled).</summary>
internal static class CsvHeader
{
    /// <summary>The names, in order.</summary>
    public static IReadOnlyList<string> Parse(ReadOnlySpan<byte> row, char delimiter)
    {
        string text = Encoding.UTF8.GetString(row);
        List<string> names = [];
        var name = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"') name.Append(text[++i]);
            else if (c == '"') quoted = !quoted;
            else if (c == delimiter && !quoted) Take();
            else name.Append(c);
        }
        Take();
        return names;

        void Take()
        {
            names.Add(name.ToString());
            name.Clear();
        }
    }
}
