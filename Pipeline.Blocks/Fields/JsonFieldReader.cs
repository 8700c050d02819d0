using System.Text.Unicode;

namespace Pipeline.Blocks.Fields;

/// <summary>Reads fields of records that are one JSON object each.</summary>
/// <remarks>
/// Sound is: one object in valid UTF-8 throughout, at most 64 deep, no lone surrogate in any escape, nothing behind it but white space, no byte order mark.
/// Names are compared unescaped; of duplicate names the first decides, at every level: with <c>features.f1</c> wanted, only the first
/// <c>features</c> is looked into, even when it has no <c>f1</c>.
/// </remarks>
public sealed class JsonFieldReader : IFieldReader
{
    private readonly JsonFieldNode _root;

    /// <summary>Compiles a table; later additions to it are not seen.</summary>
    public JsonFieldReader(FieldTable table)
    {
        _root = JsonFieldNode.Build(table, out int slots);
        ValueCount = slots;
    }

    /// <inheritdoc/>
    public int ValueCount { get; }

    /// <inheritdoc/>
    public void Locate(ReadOnlySpan<byte> record, out int start, out int length)
    {
        int end = record.Length;
        while (end > 0 && IsBlank(record[end - 1])) end--;
        start = 0;
        while (start < end && IsBlank(record[start])) start++;
        length = end - start;
    }

    /// <inheritdoc/>
    public bool TryRead(ReadOnlySpan<byte> payload, Span<FieldValue> values)
    {
        values[..ValueCount].Clear();
        return Utf8.IsValid(payload) && JsonEscapes.SurrogatesArePaired(payload) && JsonScanner.TryExtract(payload, _root, values);
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
