using System.Globalization;

namespace Pipeline.Configuration;

/// <summary>Durations as a person writes them: <c>500ms</c>, <c>10s</c>, <c>20m</c>, <c>1.5h</c>, <c>7d</c>.</summary>
internal static class Durations
{
    /// <summary>What a duration looks like, for messages.</summary>
    public const string Expected = "a duration such as 500ms, 10s, 20m, 1h or 7d";

    /// <summary>The text of <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public const string Never = "never";

    private static readonly (string Unit, long Milliseconds)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    /// <summary>Reads a duration of whole milliseconds, not negative.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        bool ok = Quantity.TryParse(text, Units, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond, out long milliseconds);
        duration = TimeSpan.FromMilliseconds(milliseconds);
        return ok;
    }

    /// <summary>What a text in other people's units was meant to be; null when nobody can say.</summary>
    public static string? Suggest(string text) => Quantity.Suggest(text, "s", Units, unit => unit switch
    {
        "millis" or "millisecond" or "milliseconds" => "ms",
        "sec" or "secs" or "second" or "seconds" => "s",
        "min" or "mins" or "minute" or "minutes" => "m",
        "hr" or "hrs" or "hour" or "hours" => "h",
        "day" or "days" => "d",
        _ => unit,
    });

    /// <summary>The shortest text that reads as this duration.</summary>
    public static string Format(TimeSpan duration) =>
        duration == Timeout.InfiniteTimeSpan ? Never
        : duration == TimeSpan.Zero ? "0s"
        : Quantity.Format(duration.Ticks / TimeSpan.TicksPerMillisecond, Units);
}

/// <summary>Sizes in bytes: <c>512MiB</c>, <c>1GiB</c>, or a plain number of bytes.</summary>
internal static class Sizes
{
    /// <summary>What a size looks like, for messages.</summary>
    public const string Expected = "a size such as 64KiB, 512MiB or 1GiB";

    private static readonly (string Unit, long Bytes)[] Units =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1), ("", 1)];

    /// <summary>Reads a size of whole bytes, not negative.</summary>
    public static bool TryParse(string text, out long bytes) => Quantity.TryParse(text, Units, long.MaxValue, out bytes);

    /// <summary>What a text in other people's units was meant to be; null when nobody can say.</summary>
    public static string? Suggest(string text) => Quantity.Suggest(text, "B", Units, unit => unit switch
    {
        "k" or "kb" or "kib" => "KiB",
        "m" or "mb" or "mib" => "MiB",
        "g" or "gb" or "gib" => "GiB",
        "t" or "tb" or "tib" => "TiB",
        _ => unit,
    });

    /// <summary>The shortest text that reads as this size.</summary>
    public static string Format(long bytes) => Quantity.Format(bytes, Units);
}

/// <summary>A number with a unit behind it.</summary>
file static class Quantity
{
    public static bool TryParse(string text, (string Unit, long Factor)[] units, long most, out long value)
    {
        value = 0;
        int digits = Digits(text);
        if (!decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)) return false;

        foreach ((string unit, long factor) in units)
        {
            if (!text.AsSpan(digits).SequenceEqual(unit)) continue;
            if (number > most / factor) return false;
            number *= factor;
            if (number != decimal.Truncate(number)) return false;
            value = (long)number;
            return true;
        }
        return false;
    }

    public static string? Suggest(string text, string unitOfNone, (string Unit, long Factor)[] units, Func<string, string> rename)
    {
        int digits = Digits(text);
        if (digits == 0) return null;
        string unit = text[digits..].Trim().ToLowerInvariant();
        string renamed = unit.Length == 0 ? unitOfNone : rename(unit);
        return Array.Exists(units, known => known.Unit == renamed) && text[..digits] + renamed is var meant && meant != text ? meant : null;
    }

    private static int Digits(string text)
    {
        int digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        return digits;
    }

    public static string Format(long value, (string Unit, long Factor)[] units)
    {
        foreach ((string unit, long factor) in units)
            if (value % factor == 0 && value != 0) return string.Create(CultureInfo.InvariantCulture, $"{value / factor}{unit}");
        return "0" + units[^1].Unit;
    }
}
