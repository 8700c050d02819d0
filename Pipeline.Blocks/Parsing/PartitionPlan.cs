using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>How the records of one partition are read: compiled once from the streams that read it.</summary>
internal sealed class PartitionPlan
{
    private readonly Layout[] _layouts;
    private readonly StreamRule[] _rules;
    private readonly int _maxRecordBytes;

    public PartitionPlan(SourcePartition partition, IReadOnlyList<StreamOptions> streams, ParseOptions options)
    {
        var drafts = new Dictionary<(RecordFormat, char, string), Draft>();
        _rules = new StreamRule[partition.Streams.Length];
        for (int i = 0; i < _rules.Length; i++)
        {
            int number = partition.Streams[i];
            StreamOptions stream = streams[number];
            Draft draft = DraftOf(drafts, partition, stream);
            _rules[i] = new StreamRule(number, stream, draft.Index, draft.Table, partition.HasTimestamps, options);
        }
        _layouts = [.. drafts.Values.OrderBy(draft => draft.Index).Select(draft => draft.Compile(partition))];
        foreach (Layout layout in _layouts)
        {
            layout.FirstValue = ValueCount;
            ValueCount += layout.Reader.ValueCount;
        }
        _maxRecordBytes = options.MaxRecordBytes;
    }

    /// <summary>Room a record's fields need.</summary>
    public int ValueCount { get; }

    /// <summary>Appends the record's outcomes, one for each stream.</summary>
    public void Parse(RecordBatch batch, int record, Span<FieldValue> values)
    {
        RawRecord raw = batch.Records[record];
        int read = -1;
        var payload = default(Payload);
        foreach (StreamRule rule in _rules)
        {
            Layout layout = _layouts[rule.Layout];
            Span<FieldValue> fields = values[layout.FirstValue..];
            if (read != rule.Layout)
            {
                payload = Read(batch, raw, layout.Reader, fields);
                read = rule.Layout;
            }
            ref ParsedEvent outcome = ref batch.AddEvent();
            outcome.Record = record;
            outcome.Stream = (byte)rule.Stream;
            outcome.PayloadStart = payload.Start;
            outcome.PayloadLength = payload.Length;
            outcome.Outcome = payload.Defect ?? rule.Judge(batch, raw, fields, ref outcome);
        }
    }

    private Payload Read(RecordBatch batch, in RawRecord raw, IFieldReader reader, Span<FieldValue> fields)
    {
        if (raw.Length == RawRecord.NullValue) return new Payload(0, 0, EventOutcome.Empty);
        if (raw.Length == RawRecord.Oversized) return new Payload(0, 0, EventOutcome.TooLarge);
        ReadOnlySpan<byte> bytes = batch.Bytes.AsSpan(raw.Start, raw.Length);
        reader.Locate(bytes, out int start, out int length);
        EventOutcome? defect = length == 0 ? EventOutcome.Empty
            : raw.Length > _maxRecordBytes ? EventOutcome.TooLarge
            : !reader.TryRead(bytes.Slice(start, length), fields) ? EventOutcome.Malformed
            : null;
        return new Payload(raw.Start + start, length, defect);
    }

    private static Draft DraftOf(Dictionary<(RecordFormat, char, string), Draft> drafts, SourcePartition partition, StreamOptions stream)
    {
        bool csv = stream.Format == RecordFormat.Csv;
        IReadOnlyList<string> columns = !csv ? [] : partition.Columns.Count > 0 ? partition.Columns : stream.Csv.Columns;
        char delimiter = csv ? stream.Csv.Delimiter : default;
        (RecordFormat, char, string) key = (stream.Format, delimiter, string.Join('\n', columns));
        if (!drafts.TryGetValue(key, out Draft? draft))
            drafts.Add(key, draft = new Draft(drafts.Count, stream.Format, columns, delimiter));
        return draft;
    }

    /// <summary>Where the payload is, or why there is none.</summary>
    private readonly record struct Payload(int Start, int Length, EventOutcome? Defect);

    /// <summary>Streams with one layout share the reading of a record.</summary>
    private sealed class Layout(IFieldReader reader)
    {
        public readonly IFieldReader Reader = reader;
        public int FirstValue;
    }

    private sealed record Draft(int Index, RecordFormat Format, IReadOnlyList<string> Columns, char Delimiter)
    {
        public FieldTable Table { get; } = new();

        public Layout Compile(SourcePartition partition)
        {
            if (Format == RecordFormat.Json) return new Layout(new JsonFieldReader(Table));
            if (Columns.Count == 0)
                throw new InvalidOperationException($"{partition}: expected CSV column names from a header or csv.columns, found none.");
            return new Layout(new CsvFieldReader(Table, Columns, Delimiter));
        }
    }
}
