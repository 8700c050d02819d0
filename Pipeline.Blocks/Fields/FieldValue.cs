namespace Pipeline.Blocks.Fields;

/// <summary>What a field holds.</summary>
public enum FieldKind : byte
{
    /// <summary>The record has no such field.</summary>
    Missing,

    /// <summary>JSON <c>null</c>.</summary>
    Null,

    /// <summary>JSON <c>false</c>.</summary>
    False,

    /// <summary>JSON <c>true</c>.</summary>
    True,

    /// <summary>A JSON number; its text is its token as written.</summary>
    Number,

    /// <summary>A JSON string with its quotes.</summary>
    String,

    /// <summary>A JSON object from its <c>{</c> to its <c>}</c>.</summary>
    Object,

    /// <summary>A JSON array from its <c>[</c> to its <c>]</c>.</summary>
    Array,

    /// <summary>A CSV field without quotes; its text is its bytes, perhaps none.</summary>
    Plain,

    /// <summary>A CSV field with its quotes.</summary>
    Quoted,
}

/// <summary>Where one field's raw value lies in the record it was read from, quotes included.</summary>
/// <param name="Start">First byte, counted from the start of the span that was read.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Escaped">Whether the text differs from the bytes between the quotes (a JSON escape, a doubled CSV quote).</param>
public readonly record struct FieldValue(int Start, int Length, FieldKind Kind, bool Escaped)
{
    /// <summary>The raw bytes, as they may be copied into JSON output when <see cref="IsJson"/>.</summary>
    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> record) => record.Slice(Start, Length);

    /// <summary>Whether the raw bytes are a JSON value.</summary>
    public bool IsJson => Kind is > FieldKind.Missing and < FieldKind.Plain;

    /// <summary>Whether it has a text: a string, a number, or a CSV field.</summary>
    public bool HasText => Kind is FieldKind.Number or FieldKind.String or FieldKind.Plain or FieldKind.Quoted;

    /// <summary>Whether it has a text of at least one byte. What a key or an event id is made of.</summary>
    public bool HasContent => Kind switch
    {
        FieldKind.Number => true,
        FieldKind.String or FieldKind.Quoted => Length > 2,
        FieldKind.Plain => Length > 0,
        _ => false,
    };
}
