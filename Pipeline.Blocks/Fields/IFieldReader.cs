namespace Pipeline.Blocks.Fields;

/// <summary>Checks one record and finds all wanted fields in it, in one pass.</summary>
/// <remarks>
/// Threading: any number at once; a reader is immutable and the caller brings the storage. Allocation: none.
/// Errors: an unsound record is an answer, never an exception.
/// </remarks>
public interface IFieldReader
{
    /// <summary>Room <see cref="TryRead"/> needs: one value for each path of the table, then some for the reader itself.</summary>
    int ValueCount { get; }

    /// <summary>Where the payload lies in a record as delivered (JSON: without outer white space, CSV: without line ending). Length 0: a blank record.</summary>
    void Locate(ReadOnlySpan<byte> record, out int start, out int length);

    /// <summary>
    /// Reads a payload as <see cref="Locate"/> found it. True: it is sound, and <paramref name="values"/>[i] is the value of the table's path i
    /// (<see cref="FieldKind.Missing"/> where there is none), its place counted from the start of <paramref name="payload"/>.
    /// False: it is malformed, and the values mean nothing.
    /// </summary>
    bool TryRead(ReadOnlySpan<byte> payload, Span<FieldValue> values);
}
