using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>What makes a sound record an event of one stream: its time, key, id and filters, bound to a layout's fields.</summary>
internal sealed class StreamRule
{
    private readonly EventTimeRule _time;
    private readonly int[] _key;
    private readonly int _id;
    private readonly FilterRule[] _filters;
    private readonly bool _hasTimestamps;
    private readonly long _maxFutureMs;

    public StreamRule(int stream, StreamOptions options, int layout, FieldTable table, bool hasTimestamps, ParseOptions parse)
    {
        Stream = stream;
        Layout = layout;
        _time = new EventTimeRule(options.Time, parse.Mode, table);
        _key = [.. options.Key.Select(table.Add)];
        _id = options.EventId is { } id ? table.Add(id) : -1;
        _filters = [.. options.Filters.Select(filter => new FilterRule(filter, table))];
        _hasTimestamps = hasTimestamps;
        _maxFutureMs = (long)parse.MaxFuture.TotalMilliseconds;
    }

    /// <summary>Stream, by the order of the job.</summary>
    public int Stream { get; }

    /// <summary>Index of the layout its fields are read by.</summary>
    public int Layout { get; }

    /// <summary>Makes the checks behind the format's, in their order, and fills the event when all pass.</summary>
    public EventOutcome Judge(RecordBatch batch, in RawRecord raw, ReadOnlySpan<FieldValue> fields, ref ParsedEvent outcome)
    {
        ReadOnlySpan<byte> payload = batch.Bytes.AsSpan(outcome.PayloadStart, outcome.PayloadLength);
        if (!_time.TryRead(batch, payload, fields, raw.Timestamp, out outcome.Time)) return EventOutcome.BadTime;
        if (_hasTimestamps && raw.Timestamp != SourcePartition.NoTime && outcome.Time - _maxFutureMs > raw.Timestamp) return EventOutcome.FutureTime;
        outcome.TimeAccepted = true;
        foreach (int field in _key)
            if (!fields[field].HasContent) return EventOutcome.MissingKey;
        for (int i = 0; i < _filters.Length; i++)
            if (!_filters[i].Holds(batch, payload, fields))
            {
                outcome.Filter = (byte)i;
                return EventOutcome.Filtered;
            }
        EncodeKey(batch, payload, fields, ref outcome);
        if (_id >= 0 && fields[_id].HasContent) CopyId(batch, payload, fields[_id], ref outcome);
        return EventOutcome.Event;
    }

    private void EncodeKey(RecordBatch batch, ReadOnlySpan<byte> payload, ReadOnlySpan<FieldValue> fields, ref ParsedEvent outcome)
    {
        outcome.KeyStart = batch.ArenaUsed;
        foreach (int field in _key)
        {
            batch.EnsureArena(KeyEncoding.FieldPrefix + fields[field].Length);
            Span<byte> free = batch.Arena.AsSpan(batch.ArenaUsed);
            ReadOnlySpan<byte> text = FieldText.Of(payload, fields[field], free[KeyEncoding.FieldPrefix..]);
            batch.ArenaUsed += KeyEncoding.Append(free, text);
        }
        outcome.KeyLength = batch.ArenaUsed - outcome.KeyStart;
        outcome.Key = KeyEncoding.Hash(batch.Arena.AsSpan(outcome.KeyStart, outcome.KeyLength));
    }

    private static void CopyId(RecordBatch batch, ReadOnlySpan<byte> payload, in FieldValue value, ref ParsedEvent outcome)
    {
        batch.EnsureArena(value.Length);
        Span<byte> free = batch.Arena.AsSpan(batch.ArenaUsed);
        ReadOnlySpan<byte> text = FieldText.Of(payload, value, free);
        text.CopyTo(free);
        outcome.IdStart = batch.ArenaUsed;
        outcome.IdLength = text.Length;
        batch.ArenaUsed += text.Length;
    }
}
