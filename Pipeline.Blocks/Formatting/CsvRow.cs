using Pipeline.Blocks.Fields;

namespace Pipeline.Blocks.Formatting;

/// <summary>The fields of a CSV row that was found sound when it was parsed, one after another.</summary>
internal ref struct CsvRow(ReadOnlySpan<byte> row, byte delimiter)
{
    private readonly ReadOnlySpan<byte> _row = row;
    private readonly byte _delimiter = delimiter;
    private int _next;

    /// <summary>The next field, its place counted from the start of the row.</summary>
    public FieldValue Next()
    {
        int start = _next;
        if (start < _row.Length && _row[start] == '"') return NextQuoted(start);
        int length = _row[start..].IndexOf(_delimiter);
        if (length < 0) length = _row.Length - start;
        _next = Math.Min(_row.Length, start + length + 1);
        return new FieldValue(start, length, FieldKind.Plain, false);
    }

    private FieldValue NextQuoted(int start)
    {
        bool escaped = false;
        int end = start + 1;
        while (true)
        {
            end += _row[end..].IndexOf((byte)'"') + 1;
            if (end >= _row.Length || _row[end] != '"') break;
            escaped = true;
            end++;
        }
        _next = Math.Min(_row.Length, end + 1);
        return new FieldValue(start, end - start, FieldKind.Quoted, escaped);
    }
}
