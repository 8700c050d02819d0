using System.Globalization;

namespace Pipeline.Commands;

/// <summary>Durations as flags write them: a number, fractions allowed, and one of ms, s, m, h, d.</summary>
internal static class DurationText
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        string unit = text.TrimStart('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '.');
        double milliseconds = unit switch { "ms" => 1, "s" => 1e3, "m" => 60e3, "h" => 3600e3, "d" => 86400e3, _ => double.NaN };
        bool read = double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * milliseconds < TimeSpan.MaxValue.TotalMilliseconds;
        duration = read ? TimeSpan.FromMilliseconds(number * milliseconds) : default;
        return read;
    }
}
