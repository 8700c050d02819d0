using Microsoft.Extensions.Logging;

namespace Pipeline.Logging;

/// <summary>One event, before it is a line.</summary>
/// <param name="Time">When it was said.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Template">The message with names in place of values; the same for all events of its kind.</param>
/// <param name="Message">The message.</param>
/// <param name="Fields">What it names, and the fields of the log it was said to.</param>
/// <param name="Cause">The exception it is about, whole; null for none.</param>
internal sealed record LogEvent(
    DateTimeOffset Time, LogLevel Level, string Template, string Message, IReadOnlyList<KeyValuePair<string, object?>> Fields, string? Cause)
{
    /// <summary>How many events like it were not written since the last line of them, this one included; 0: none.</summary>
    public int Repeated { get; init; }

    /// <summary>What differs from one to the next of a repeated message.</summary>
    private static readonly HashSet<string> Varying = new(StringComparer.OrdinalIgnoreCase) { "offset", "lasted" };

    /// <summary>The same for events that say the same of the same thing, whichever record it happened to.</summary>
    public string RepeatKey => string.Join('\u001f', Fields.Where(static named => !Varying.Contains(named.Key)).Select(static named => $"{named.Value}").Prepend(Template));
}
