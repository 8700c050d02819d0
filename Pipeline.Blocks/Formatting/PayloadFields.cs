using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>Finds wanted fields in exposure payloads, JSON or CSV, with one reader for each set of CSV columns.</summary>
/// <remarks>Threading: one thread at a time; it keeps the values of the payload read last.</remarks>
internal sealed class PayloadFields
{
    private readonly SampleShape _shape;
    private readonly PartitionDirectory _directory;
    private readonly Dictionary<IReadOnlyList<string>, IFieldReader> _csvReaders = new(ReferenceEqualityComparer.Instance);
    private readonly JsonFieldReader? _json;
    private FieldValue[] _values;

    public PayloadFields(SampleShape shape, PartitionDirectory directory)
    {
        _shape = shape;
        _directory = directory;
        if (shape.Exposure.Format == RecordFormat.Json) _json = new JsonFieldReader(shape.Fields);
        _values = new FieldValue[_json?.ValueCount ?? shape.Fields.Count];
    }

    /// <summary>The value at a place of the shape's field table, in the payload read last.</summary>
    public ref readonly FieldValue this[int place] => ref _values[place];

    /// <summary>Reads a payload that was found sound when it was parsed.</summary>
    public void Read(ReadOnlySpan<byte> payload, int partition)
    {
        if (_shape.Fields.Count == 0) return;
        IFieldReader reader = _json ?? ReaderOf(ColumnsOf(partition));
        if (!reader.TryRead(payload, _values))
            throw new Flow.InvariantException($"A payload of {_directory[partition]} that was sound when it was parsed is malformed now.");
    }

    /// <summary>The CSV columns of a partition's rows.</summary>
    public IReadOnlyList<string> ColumnsOf(int partition) =>
        partition < _directory.Count && _directory[partition].Columns is { Count: > 0 } header ? header : _shape.Exposure.Csv.Columns;

    /// <summary>CSV output has one header: a column it lacks would be lost.</summary>
    private void RequireKnown(IReadOnlyList<string> columns)
    {
        if (!_shape.HasAllColumns) return;
        foreach (string column in columns)
            if (!_shape.Selected!.Any(feature => feature.From == column))
                throw new InvalidDataException(
                    $"Column '{column}' of exposures with the columns {string.Join(',', columns)} is none of those the samples' header has: "
                    + $"{string.Join(',', _shape.Selected!.Select(feature => feature.From))}. Name csv.columns, or the output's features.");
    }

    private IFieldReader ReaderOf(IReadOnlyList<string> columns)
    {
        if (_csvReaders.TryGetValue(columns, out IFieldReader? reader)) return reader;
        RequireKnown(columns);
        reader = new CsvFieldReader(_shape.Fields, columns, _shape.Exposure.Csv.Delimiter);
        if (_values.Length < reader.ValueCount) _values = new FieldValue[reader.ValueCount];
        _csvReaders.Add(columns, reader);
        return reader;
    }
}
