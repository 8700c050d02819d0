using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Pipeline.Logging;

/// <summary>Makes a line of an event.</summary>
internal static class EventFormat
{
    private const string Reset = "\u001b[0m";
    private static readonly JsonEncodedText TimeName = JsonEncodedText.Encode("time"), LevelName = JsonEncodedText.Encode("level"),
        MessageName = JsonEncodedText.Encode("message"), RepeatedName = JsonEncodedText.Encode("repeated"), CauseName = JsonEncodedText.Encode("exception");

    // The lines are for files and terminals, never a part of HTML: letters of every script stay as they are.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line, without its end.</summary>
    public static string Line(LogEvent one, EventLogOptions options) => options.Form switch
    {
        EventForm.Json => Json(one),
        EventForm.Plain => Plain(one),
        _ => Text(one, options.Color),
    };

    private static string Plain(LogEvent one) => one.Cause is null ? one.Message : $"{one.Message}: {one.Cause}";

    private static string Text(LogEvent one, bool color)
    {
        var line = new StringBuilder(Time(one));
        string level = Level(one.Level);
        line.Append(' ').Append(color ? $"{ColorOf(one.Level)}{level}{Reset}" : level).Append(' ', 8 - level.Length).Append(Plain(one));
        if (one.Repeated > 0) line.Append(CultureInfo.InvariantCulture, $" ({one.Repeated} more of these)");
        foreach ((string name, object? value) in one.Fields)
        {
            if (IsNamed(one.Template, name)) continue;
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            line.Append(' ').Append(NameOf(name)).Append('=').Append(text.AsSpan().ContainsAny(" \"=") ? $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text);
        }
        return line.Replace("\r", "").Replace("\n", "\\n").ToString();
    }

    private static string Json(LogEvent one)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Writing))
        {
            writer.WriteStartObject();
            writer.WriteString(TimeName, Time(one));
            writer.WriteString(LevelName, Level(one.Level));
            writer.WriteString(MessageName, one.Message);
            if (one.Repeated > 0) writer.WriteNumber(RepeatedName, one.Repeated);
            // A name that comes twice would leave it to the reader which one counts.
            var written = new HashSet<string>(StringComparer.Ordinal) { "time", "level", "message", "repeated", "exception" };
            foreach ((string name, object? value) in one.Fields)
                if (value as string != one.Message && written.Add(NameOf(name)))
                    WriteField(writer, NameOf(name), value);
            if (one.Cause is { } cause) writer.WriteString(CauseName, cause);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static void WriteField(Utf8JsonWriter writer, string name, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNull(name); break;
            case int number: writer.WriteNumber(name, number); break;
            case long number: writer.WriteNumber(name, number); break;
            case bool flag: writer.WriteBoolean(name, flag); break;
            default: writer.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    private static bool IsNamed(string template, string name) => template.Contains($"{{{name}}}", StringComparison.Ordinal) || template.Contains($"{{{name}:", StringComparison.Ordinal);

    private static string NameOf(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static string Time(LogEvent one) => one.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static string ColorOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "\u001b[2m",
        LogLevel.Information => "\u001b[32m",
        LogLevel.Warning => "\u001b[33m",
        _ => "\u001b[31m",
    };
}
