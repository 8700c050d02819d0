using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pipeline.Blocks.Records;

namespace Pipeline.Verification;

/// <summary>An event of the reference join.</summary>
/// <param name="Stream">The stream's index.</param>
/// <param name="Time">Event time, ms.</param>
/// <param name="Key">The texts of the key fields.</param>
/// <param name="KeyBytes">The encoded key, a char a byte: ordinal comparison is comparison of unsigned bytes.</param>
/// <param name="Id">The event id's UTF-8 bytes, a char a byte; empty when there is none.</param>
/// <param name="Bytes">The payload's bytes.</param>
/// <param name="Header">CSV: the file's columns.</param>
internal sealed record ReferenceEvent(int Stream, long Time, string[] Key, string KeyBytes, string Id, byte[] Bytes, IReadOnlyList<string>? Header);

/// <summary>What a record is for a stream: the checks and filters of the contract in their order, the first that fails names the outcome.</summary>
internal static partial class RecordChecks
{
    private static readonly long LastTime = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>Checks one record. The accepted time is set as soon as both time checks passed, whatever the outcome; the event only for an event.</summary>
    public static (EventOutcome Outcome, long? AcceptedTime, ReferenceEvent? Event) Check(
        SourceRecord record, int streamIndex, StreamOptions stream, int maxRecordBytes, TimeSpan maxFuture)
    {
        byte[] bytes = Trim(record.Value ?? [], stream);
        if (bytes.Length == 0) return (EventOutcome.Empty, null, null);
        if (record.Value!.Length > maxRecordBytes) return (EventOutcome.TooLarge, null, null);
        if (Payload.Parse(bytes, stream, record.Header) is not { } payload) return (EventOutcome.Malformed, null, null);
        if (TimeOf(payload, record, stream.Time) is not { } time) return (EventOutcome.BadTime, null, null);
        if (time > record.Timestamp + (long)maxFuture.TotalMilliseconds) return (EventOutcome.FutureTime, null, null);
        Field?[] key = [.. stream.Key.Select(path => payload[path])];
        if (key.Any(field => field is not { IsText: true, Text.Length: > 0 })) return (EventOutcome.MissingKey, time, null);
        if (!stream.Filters.All(filter => Holds(filter, payload[filter.Field]))) return (EventOutcome.Filtered, time, null);
        string[] texts = [.. key.Select(field => field!.Text!)];
        string id = stream.EventId is { } path && payload[path] is { IsText: true, Text: { } text } ? text : "";
        return (EventOutcome.Event, time, new ReferenceEvent(streamIndex, time, texts, Encode(texts), Latin(id), bytes, record.Header));
    }

    /// <summary>For each key field its UTF-8 length as u32 little-endian and its bytes.</summary>
    private static string Encode(string[] texts)
    {
        var encoded = new StringBuilder();
        Span<byte> length = stackalloc byte[sizeof(uint)];
        foreach (string text in texts)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)Encoding.UTF8.GetByteCount(text));
            encoded.Append(Encoding.Latin1.GetString(length)).Append(Latin(text));
        }
        return encoded.ToString();
    }

    private static string Latin(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The payload: a JSON object without white space around it, a row without its line's end; empty for a blank record.</summary>
    private static byte[] Trim(byte[] value, StreamOptions stream)
    {
        ReadOnlySpan<byte> inside = value.AsSpan().Trim(" \t\r\n"u8);
        if (stream.Format == RecordFormat.Json) return inside.ToArray();
        if (inside.IsEmpty && !value.Contains((byte)stream.Csv.Delimiter)) return [];
        int length = value.Length;
        if (length > 0 && value[length - 1] == '\n') length--;
        if (length > 0 && value[length - 1] == '\r') length--;
        return value[..length];
    }

    private static long? TimeOf(Payload payload, SourceRecord record, EventTimeOptions options)
    {
        if (options.Field is null) return InRange(record.Timestamp);
        if (payload[options.Field] is not { IsText: true, Text: { } text }) return null;
        if (options.Unit == TimeUnit.Iso8601)
            return Iso8601().IsMatch(text)
                && DateTimeOffset.TryParse(BelowMilliseconds().Replace(text, "$1"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
                    ? InRange(time.ToUnixTimeMilliseconds()) : null;
        if (!Integer().IsMatch(text) || !Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 number)) return null;
        return InRange(options.Unit switch
        {
            TimeUnit.Seconds => number * 1000,
            TimeUnit.Microseconds => number < 0 ? -1 : number / 1000,
            _ => number,
        });
    }

    private static long? InRange(Int128? milliseconds) => milliseconds >= 0 && milliseconds <= LastTime ? (long)milliseconds : null;

    private static bool Holds(FilterOptions filter, Field? field) =>
        field?.Text is { } text
        && (filter.In is null || filter.In.Contains(text))
        && (filter.Min is null || field.Number >= filter.Min)
        && (filter.Max is null || field.Number <= filter.Max);

    [GeneratedRegex("^-?[0-9]{1,30}$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,16})?)?(Z|[+-]\d\d:\d\d)?)?$")]
    private static partial Regex Iso8601();

    [GeneratedRegex(@"(\.\d{3})\d+")]
    private static partial Regex BelowMilliseconds();
}
