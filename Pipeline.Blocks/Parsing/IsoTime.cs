using System.Buffers;
using System.Text.Json;

namespace Pipeline.Blocks.Parsing;

/// <summary>ISO 8601 times in the extended profile of <see cref="Utf8JsonReader"/>, except that one without an offset is UTC, not local.</summary>
internal static class IsoTime
{
    /// <summary>More than the profile's longest form (42 bytes).</summary>
    private const int MaxLength = 64;

    private static readonly SearchValues<byte> Characters = SearchValues.Create("0123456789-+:.TZ"u8);

    /// <summary>Milliseconds since the Unix epoch, rounded down.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long time)
    {
        time = 0;
        if (text.Length > MaxLength || text.ContainsAnyExcept(Characters)) return false;
        Span<byte> token = stackalloc byte[MaxLength + 2];
        token[0] = token[text.Length + 1] = (byte)'"';
        text.CopyTo(token[1..]);
        var reader = new Utf8JsonReader(token[..(text.Length + 2)]);
        reader.Read();
        if (HasOffset(text))
        {
            if (!reader.TryGetDateTimeOffset(out DateTimeOffset instant)) return false;
            time = instant.ToUnixTimeMilliseconds();
            return true;
        }
        if (!reader.TryGetDateTime(out DateTime written)) return false;
        time = new DateTimeOffset(written.Ticks, TimeSpan.Zero).ToUnixTimeMilliseconds();
        return true;
    }

    private static bool HasOffset(ReadOnlySpan<byte> text)
    {
        int clock = text.IndexOf((byte)'T');
        return clock >= 0 && text[clock..].IndexOfAny((byte)'Z', (byte)'+', (byte)'-') >= 0;
    }
}
