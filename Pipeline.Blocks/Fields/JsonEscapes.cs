using System.Globalization;

namespace Pipeline.Blocks.Fields;

/// <summary>The check of escapes that JSON's grammar does not make.</summary>
internal static class JsonEscapes
{
    private const int UnicodeEscape = 6;

    /// <summary>
    /// Whether every <c>\ud800</c>–<c>\udfff</c> is half of a pair, in any string or name. For sound JSON the answer is exact, since there a
    /// backslash stands in strings alone, with a whole escape behind it; for anything else it may be either, and the grammar says no.
    /// </summary>
    public static bool SurrogatesArePaired(ReadOnlySpan<byte> json)
    {
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0;)
        {
            json = json[at..];
            if (!TryCodeUnit(json, out char unit))
            {
                if (json.Length < 2) return false;
                json = json[2..];
                continue;
            }
            json = json[UnicodeEscape..];
            if (!char.IsSurrogate(unit)) continue;
            if (char.IsLowSurrogate(unit) || !TryCodeUnit(json, out unit) || !char.IsLowSurrogate(unit)) return false;
            json = json[UnicodeEscape..];
        }
        return true;
    }

    private static bool TryCodeUnit(ReadOnlySpan<byte> escape, out char unit)
    {
        unit = default;
        if (escape.Length < UnicodeEscape || escape[0] != '\\' || escape[1] != 'u') return false;
        if (!ushort.TryParse(escape[2..UnicodeEscape], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort value)) return false;
        unit = (char)value;
        return true;
    }
}
