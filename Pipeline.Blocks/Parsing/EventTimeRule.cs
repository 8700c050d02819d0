using System.Buffers.Text;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>Where a stream's event time comes from, and which times there are: from 1970 to 2100, whole milliseconds, in UTC.</summary>
internal sealed class EventTimeRule
{
    /// <summary>2100-01-01T00:00:00Z, ms since the Unix epoch: the last time that is accepted.</summary>
    public const long Latest = 4_102_444_800_000;

    private const int MsInSecond = 1_000;
    private const int UsInMs = 1_000;

    private readonly bool _arrival;
    private readonly int _field;
    private readonly TimeUnit _unit;

    public EventTimeRule(EventTimeOptions options, TimeMode mode, FieldTable table)
    {
        _arrival = mode == TimeMode.Processing;
        _field = _arrival || options.Field is null ? -1 : table.Add(options.Field);
        _unit = options.Unit;
    }

    /// <summary>The event time in ms; false where there is none, it is not of its unit's form, or out of range.</summary>
    public bool TryRead(RecordBatch batch, ReadOnlySpan<byte> payload, ReadOnlySpan<FieldValue> fields, long timestamp, out long time)
    {
        if (_field >= 0) return TryField(batch, payload, fields[_field], out time);
        time = _arrival && timestamp == SourcePartition.NoTime ? batch.At : timestamp;
        return time is >= 0 and <= Latest;
    }

    private bool TryField(RecordBatch batch, ReadOnlySpan<byte> payload, in FieldValue value, out long time)
    {
        time = 0;
        if (!value.HasContent) return false;
        ReadOnlySpan<byte> text = ScratchText.Of(batch, payload, value);
        if (_unit == TimeUnit.Iso8601)
            return value.Kind != FieldKind.Number && IsoTime.TryParse(text, out time) && time is >= 0 and <= Latest;
        if (!TryInteger(text, out long number) || number < 0) return false;
        switch (_unit)
        {
            case TimeUnit.Seconds when number <= Latest / MsInSecond:
                time = number * MsInSecond;
                return true;
            case TimeUnit.Seconds:
                return false;
            case TimeUnit.Microseconds:
                time = number / UsInMs;
                break;
            default:
                time = number;
                break;
        }
        return time <= Latest;
    }

    /// <summary>Digits with an optional minus and nothing else; false also where they do not fit.</summary>
    private static bool TryInteger(ReadOnlySpan<byte> text, out long number) =>
        Utf8Parser.TryParse(text, out number, out int read) && read == text.Length && text[0] != '+';
}
