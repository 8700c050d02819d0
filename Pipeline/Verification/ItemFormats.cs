namespace Pipeline.Verification;

/// <summary>How events and samples stand in <see cref="GroupFiles{T}"/>: read back by the process that wrote them, and by no other.</summary>
internal sealed class ItemFormats
{
    // A file's header is one list for all its records.
    private readonly List<IReadOnlyList<string>> _headers = [];

    /// <summary>Writes an event.</summary>
    public void WriteEvent(BinaryWriter to, ReferenceEvent item)
    {
        to.Write7BitEncodedInt(item.Stream);
        to.Write7BitEncodedInt64(item.Time);
        to.Write7BitEncodedInt(item.Key.Length);
        foreach (string text in item.Key) to.Write(text);
        to.Write(item.KeyBytes);
        to.Write(item.Id);
        WriteBytes(to, item.Bytes);
        to.Write7BitEncodedInt(NumberOf(item.Header));
    }

    /// <summary>Reads an event.</summary>
    public ReferenceEvent ReadEvent(BinaryReader from)
    {
        int stream = from.Read7BitEncodedInt();
        long time = from.Read7BitEncodedInt64();
        var key = new string[from.Read7BitEncodedInt()];
        for (int i = 0; i < key.Length; i++) key[i] = from.ReadString();
        return new ReferenceEvent(stream, time, key, from.ReadString(), from.ReadString(), ReadBytes(from)!, HeaderOf(from.Read7BitEncodedInt()));
    }

    /// <summary>Writes an expected sample.</summary>
    public static void WriteExpected(BinaryWriter to, ReferenceSample item)
    {
        to.Write(item.Id);
        WriteBytes(to, item.Key);
        WriteBytes(to, item.Value);
        to.Write7BitEncodedInt(item.Label);
    }

    /// <summary>Reads an expected sample.</summary>
    public static ReferenceSample ReadExpected(BinaryReader from) => new(from.ReadString(), ReadBytes(from)!, ReadBytes(from)!, from.Read7BitEncodedInt());

    /// <summary>Writes a found sample.</summary>
    public static void WriteFound(BinaryWriter to, FoundSample item)
    {
        to.Write(item.Id);
        WriteBytes(to, item.Key);
        WriteBytes(to, item.Value);
    }

    /// <summary>Reads a found sample.</summary>
    public static FoundSample ReadFound(BinaryReader from) => new(from.ReadString(), ReadBytes(from), ReadBytes(from)!);

    private static void WriteBytes(BinaryWriter to, byte[]? bytes)
    {
        to.Write7BitEncodedInt(bytes is null ? 0 : bytes.Length + 1);
        if (bytes is not null) to.Write(bytes);
    }

    private static byte[]? ReadBytes(BinaryReader from) => from.Read7BitEncodedInt() is > 0 and int length ? from.ReadBytes(length - 1) : null;

    private int NumberOf(IReadOnlyList<string>? header)
    {
        if (header is null) return 0;
        int index = _headers.FindLastIndex(known => ReferenceEquals(known, header));
        if (index < 0) _headers.Add(header);
        return 1 + (index < 0 ? _headers.Count - 1 : index);
    }

    private IReadOnlyList<string>? HeaderOf(int number) => number == 0 ? null : _headers[number - 1];
}
