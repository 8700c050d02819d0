using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Pipeline.Blocks.Fields;

/// <summary>The text and the number of a field.</summary>
/// <remarks>Threading: any. Allocation: none. Values must come from a field reader that found the record sound.</remarks>
public static class FieldText
{
    /// <summary>
    /// The text: of a string it is unescaped, of a number its token as written, of <c>true</c> and <c>false</c> those words; else empty.
    /// A slice of the record where it stands there, else written to <paramref name="scratch"/>, which has room for the raw value.
    /// </summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> record, in FieldValue value, Span<byte> scratch)
    {
        ReadOnlySpan<byte> raw = value.Raw(record);
        switch (value.Kind)
        {
            case FieldKind.String or FieldKind.Quoted when !value.Escaped:
                return raw[1..^1];
            case FieldKind.String:
                return scratch[..UnescapeJson(raw, scratch)];
            case FieldKind.Quoted:
                return scratch[..UnescapeCsv(raw[1..^1], scratch)];
            case FieldKind.Number or FieldKind.Plain or FieldKind.True or FieldKind.False:
                return raw;
            default:
                return default;
        }
    }

    /// <summary>
    /// The number a text is: an optional minus, digits, optional fraction and exponent, in invariant notation. One beyond a double's range is an
    /// infinity, which compares as it should.
    /// </summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out double number)
    {
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        ReadOnlySpan<byte> digits = text.Length > 0 && text[0] == '-' ? text[1..] : text;
        number = 0;
        // Keeps out what the parser would take: "NaN", "Infinity", "+1", ".5", "5." and digits with NULs behind them.
        return digits.Length > 0 && char.IsAsciiDigit((char)digits[0]) && char.IsAsciiDigit((char)digits[^1])
            && double.TryParse(text, Plain, CultureInfo.InvariantCulture, out number);
    }

    private static int UnescapeJson(ReadOnlySpan<byte> raw, Span<byte> target)
    {
        var reader = new Utf8JsonReader(raw);
        bool read = reader.Read();
        Debug.Assert(read, "The raw value of a string is one JSON token.");
        return reader.CopyString(target);
    }

    private static int UnescapeCsv(ReadOnlySpan<byte> inner, Span<byte> target)
    {
        int written = 0;
        for (int i = 0; i < inner.Length; i++)
        {
            target[written++] = inner[i];
            if (inner[i] == '"') i++;
        }
        return written;
    }
}
