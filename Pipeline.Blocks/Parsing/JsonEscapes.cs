using System.Globalization;

namespace Pipeline.Blocks.Parsing;

/// <summary>The check of escapes that JSON's grammar does not make.</summary>
internal static class JsonEscapes
{
    private const int UnicodeEscape = 6;

    /// <summary>
    /// Whether every <c>\ud800</c>–<c>\udfff</c> is half of a pair, in any string or name. Only for text that is sound JSON otherwise:
    /// there a backslash stands in strings alone, with a whole escape behind it.
    /// </summary>
    public static bool SurrogatesArePaired(ReadOnlySpan<byte> json)
    {
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0;)
        {
            json = json[at..];
            if (json[1] != 'u')
            {
                json = json[2..];
                continue;
            }
            ushort unit = CodeUnit(json);
            json = json[UnicodeEscape..];
            if (char.IsLowSurrogate((char)unit)) return false;
            if (!char.IsHighSurrogate((char)unit)) continue;
            if (json.Length < UnicodeEscape || json[0] != '\\' || json[1] != 'u' || !char.IsLowSurrogate((char)CodeUnit(json))) return false;
            json = json[UnicodeEscape..];
        }
        return true;
    }

    private static ushort CodeUnit(ReadOnlySpan<byte> escape) =>
        ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
