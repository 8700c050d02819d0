using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>Writes samples as JSON objects; feature values are copied as they were written, not encoded anew.</summary>
/// <remarks>Names and punctuation are laid out once; a sample is a few copies between them.</remarks>
public sealed class JsonSampleFormatter : SampleFormatter
{
    private readonly byte[][] _keyNames;
    private readonly byte[][] _actionNames;
    private readonly byte[][] _featureNames;
    private readonly Dictionary<IReadOnlyList<string>, byte[][]> _columnNames = new(ReferenceEqualityComparer.Instance);
    private byte[] _scratch = new byte[256];

    /// <summary>A formatter for one worker.</summary>
    public JsonSampleFormatter(SampleShape shape, PartitionDirectory directory, IReadOnlyList<EmissionPoint>? committed = null) : base(shape, directory, committed)
    {
        _keyNames = Names("{", shape.Exposure.Key);
        _actionNames = Names("{", [.. shape.Actions.Select(stream => stream.Name)]);
        _featureNames = Names("{", [.. (shape.Output.Features ?? []).Select(feature => feature.Name)]);
    }

    private protected override void WriteValue(
        OutputBatch output, in ClosedWindow window, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, ReadOnlySpan<ActionCell> cells, int label)
    {
        Write(output, "{\"sample_id\":\""u8);
        WriteSampleId(output, key, window.Start);
        Write(output, "\",\"key\":"u8);
        WriteKey(output, key);
        Write(output, ",\"window_start\":"u8);
        Write(output, window.Start);
        Write(output, ",\"window_end\":"u8);
        Write(output, window.Start + Shape.WindowMs);
        Write(output, ",\"revision\":"u8);
        Write(output, window.Revision);
        Write(output, ",\"exposures\":"u8);
        Write(output, window.Exposures);
        Write(output, label == 1 ? ",\"label\":1,\"labels\":"u8 : ",\"label\":0,\"labels\":"u8);
        WriteLabels(output, cells);
        Write(output, ",\"weight\":1,\"sampling_rate\":1,\"features\":"u8);
        if (Shape.Features is not null) WriteSelected(output, payload);
        else if (Shape.Exposure.Format == RecordFormat.Json) WriteJson(output, payload);
        else WriteColumns(output, payload, window.Partition);
        Write(output, "}"u8);
    }

    private void WriteKey(OutputBatch output, ReadOnlySpan<byte> key)
    {
        for (int field = 0; field < _keyNames.Length; field++)
        {
            Write(output, _keyNames[field]);
            WriteString(output, KeyEncoding.Next(ref key));
        }
        Write(output, "}"u8);
    }

    private void WriteLabels(OutputBatch output, ReadOnlySpan<ActionCell> cells)
    {
        if (cells.Length == 0) Write(output, "{"u8);
        for (int action = 0; action < cells.Length; action++)
        {
            Write(output, _actionNames[action]);
            if (cells[action].Count == 0)
            {
                Write(output, "{\"label\":0,\"count\":0}"u8);
                continue;
            }
            Write(output, "{\"label\":1,\"count\":"u8);
            Write(output, cells[action].Count);
            Write(output, ",\"first_delay_ms\":"u8);
            Write(output, cells[action].FirstDelay);
            Write(output, "}"u8);
        }
        Write(output, "}"u8);
    }

    private void WriteSelected(OutputBatch output, ReadOnlySpan<byte> payload)
    {
        bool any = false;
        for (int feature = 0; feature < Shape.Features!.Length; feature++)
        {
            ref readonly FieldValue value = ref Fields[Shape.Features[feature]];
            if (value.Kind == FieldKind.Missing) continue;
            // Names after the first begin with a comma; the first written one begins the object.
            Write(output, any ? ","u8 : "{"u8);
            Write(output, _featureNames[feature].AsSpan(1));
            WriteFeature(output, payload, value);
            any = true;
        }
        Write(output, any ? "}"u8 : "{}"u8);
    }

    private void WriteFeature(OutputBatch output, ReadOnlySpan<byte> payload, in FieldValue value)
    {
        if (value.IsJson) WriteJson(output, value.Raw(payload));
        else WriteString(output, FieldText.Of(payload, value, Scratch(value.Length)));
    }

    private void WriteColumns(OutputBatch output, ReadOnlySpan<byte> payload, int partition)
    {
        IReadOnlyList<string> columns = Fields.ColumnsOf(partition);
        if (!_columnNames.TryGetValue(columns, out byte[][]? names)) _columnNames.Add(columns, names = Names("{", columns));
        var rest = new CsvRow(payload, (byte)Shape.Exposure.Csv.Delimiter);
        for (int column = 0; column < names.Length; column++)
        {
            Write(output, names[column]);
            FieldValue value = rest.Next();
            WriteString(output, FieldText.Of(payload, value, Scratch(value.Length)));
        }
        Write(output, "}"u8);
    }

    /// <summary>Copies JSON as it was written. In sound JSON a line feed is white space between tokens, and a space means the same.</summary>
    private void WriteJson(OutputBatch output, ReadOnlySpan<byte> json)
    {
        if (Shape.Lines) json.Replace(output.Room(json.Length), (byte)'\n', (byte)' ');
        else json.CopyTo(output.Room(json.Length));
        output.BytesUsed += json.Length;
    }

    private static void WriteString(OutputBatch output, ReadOnlySpan<byte> text) =>
        output.BytesUsed += JsonText.Write(output.Room(JsonText.MostBytes(text.Length)), text);

    private Span<byte> Scratch(int bytes)
    {
        if (_scratch.Length < bytes) _scratch = new byte[bytes * 2];
        return _scratch;
    }

    /// <summary>Each name as <c>"name":</c> with what stands before it: the opening, then commas.</summary>
    private static byte[][] Names(string opening, IReadOnlyList<string> names) =>
        [.. names.Select((name, i) => (byte[])[.. i == 0 ? System.Text.Encoding.UTF8.GetBytes(opening) : ","u8.ToArray(), .. SampleShape.Quoted(name), (byte)':'])];
}
