using System.Text.Unicode;

namespace Pipeline.Blocks.Fields;

/// <summary>Reads fields of CSV rows (RFC 4180, one row a record).</summary>
/// <remarks>
/// Sound is: valid UTF-8, as many fields as columns, quotes only around a whole field and doubled inside it, and no NUL or line break, not
/// even in quotes: a row that is cut by one is malformed.
/// Of columns with one name the first counts. A wanted field without a column is missing in every row.
/// </remarks>
public sealed class CsvFieldReader : IFieldReader
{
    private readonly int[] _slots;
    private readonly byte _delimiter;

    /// <summary>Compiles a table for rows of these columns.</summary>
    public CsvFieldReader(FieldTable table, IReadOnlyList<string> columns, char delimiter)
    {
        if (columns.Count == 0) throw new ArgumentException("CSV rows need column names: from a header or the job's csv.columns.", nameof(columns));
        if (!char.IsAscii(delimiter) || delimiter is '"' or '\r' or '\n' or '\0')
            throw new ArgumentException($"The CSV delimiter must be one ASCII character other than a quote or line break, not U+{(int)delimiter:X4}.", nameof(delimiter));
        _delimiter = (byte)delimiter;
        _slots = new int[columns.Count];
        _slots.AsSpan().Fill(-1);
        for (int path = 0; path < table.Count; path++)
            for (int column = 0; column < columns.Count; column++)
                if (columns[column] == table.Paths[path])
                {
                    _slots[column] = path;
                    break;
                }
        ValueCount = table.Count;
    }

    /// <inheritdoc/>
    public int ValueCount { get; }

    /// <inheritdoc/>
    public void Locate(ReadOnlySpan<byte> record, out int start, out int length)
    {
        start = 0;
        length = record.Length;
        if (length > 0 && record[length - 1] == '\n') length--;
        if (length > 0 && record[length - 1] == '\r') length--;
        for (int i = 0; i < length; i++)
            if (record[i] == _delimiter || record[i] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')) return;
        length = 0;
    }

    /// <inheritdoc/>
    public bool TryRead(ReadOnlySpan<byte> payload, Span<FieldValue> values)
    {
        values[..ValueCount].Clear();
        if (!Utf8.IsValid(payload) || payload.IndexOfAny((byte)0, (byte)'\r', (byte)'\n') >= 0 || payload.StartsWith(ByteOrderMark)) return false;
        int start = 0;
        for (int column = 0; column < _slots.Length; column++)
        {
            int length = payload.Length > start && payload[start] == '"'
                ? QuotedLength(payload[start..], out bool escaped)
                : PlainLength(payload[start..], out escaped);
            if (length < 0) return false;
            if (_slots[column] is >= 0 and int slot)
                values[slot] = new FieldValue(start, length, length > 0 && payload[start] == '"' ? FieldKind.Quoted : FieldKind.Plain, escaped);
            int end = start + length;
            if (end == payload.Length) return column == _slots.Length - 1;
            if (payload[end] != _delimiter) return false;
            start = end + 1;
        }
        return false;
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private int PlainLength(ReadOnlySpan<byte> rest, out bool escaped)
    {
        escaped = false;
        int end = rest.IndexOfAny(_delimiter, (byte)'"');
        if (end < 0) return rest.Length;
        return rest[end] == _delimiter ? end : -1;
    }

    private static int QuotedLength(ReadOnlySpan<byte> rest, out bool escaped)
    {
        escaped = false;
        for (int at = 1; ;)
        {
            int quote = rest[at..].IndexOf((byte)'"');
            if (quote < 0) return -1;
            at += quote + 1;
            if (at == rest.Length || rest[at] != '"') return at;
            escaped = true;
            at++;
        }
    }
}
