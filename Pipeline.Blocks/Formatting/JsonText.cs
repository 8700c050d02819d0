using System.Buffers;

namespace Pipeline.Blocks.Formatting;

/// <summary>JSON strings with the least escaping: quote, backslash and control characters; other UTF-8 stands as it is.</summary>
/// <remarks>
/// System.Text.Json's relaxed encoder also escapes some characters beyond these and allocates on its own terms, so this is written out.
/// Allocation: none. Threading: any.
/// </remarks>
public static class JsonText
{
    private const int LongestEscape = 6;
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (byte)code), (byte)'"', (byte)'\\']);

    /// <summary>Most bytes a text of this length can take, with its quotes.</summary>
    public static int MostBytes(int length) => (length * LongestEscape) + 2;

    /// <summary>Writes a text with its quotes; returns the bytes written. The target must have <see cref="MostBytes"/>.</summary>
    public static int Write(Span<byte> target, ReadOnlySpan<byte> text)
    {
        int written = 0;
        target[written++] = (byte)'"';
        while (true)
        {
            int plain = text.IndexOfAny(Special);
            if (plain < 0) plain = text.Length;
            text[..plain].CopyTo(target[written..]);
            written += plain;
            if (plain == text.Length) break;
            written += Escape(target[written..], text[plain]);
            text = text[(plain + 1)..];
        }
        target[written++] = (byte)'"';
        return written;
    }

    private static int Escape(Span<byte> target, byte code)
    {
        target[0] = (byte)'\\';
        byte letter = code switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\\' => (byte)'\\',
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            _ => (byte)'u',
        };
        target[1] = letter;
        if (letter != 'u') return 2;
        "00"u8.CopyTo(target[2..]);
        target[4] = (byte)('0' + (code >> 4));
        target[5] = (byte)((code & 15) < 10 ? '0' + (code & 15) : 'a' + (code & 15) - 10);
        return LongestEscape;
    }
}
