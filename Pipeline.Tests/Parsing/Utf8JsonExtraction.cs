using System.Text.Json;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Parsing;

namespace Pipeline.Tests.Parsing;

/// <summary>The simple version of <see cref="JsonScanner"/> on <see cref="Utf8JsonReader"/>, which it must agree with.</summary>
internal static class Utf8JsonExtraction
{
    private const int MaxDepth = 64;

    /// <summary>Finds the tree's fields; false when the bytes are not exactly one object.</summary>
    public static bool TryExtract(ReadOnlySpan<byte> json, JsonFieldNode root, Span<FieldValue> values)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            ReadObject(ref reader, root, values);
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void ReadObject(ref Utf8JsonReader reader, JsonFieldNode node, Span<FieldValue> values)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            JsonFieldNode? field = reader.ValueIsEscaped ? FindEscaped(ref reader, node) : node.Find(reader.ValueSpan);
            reader.Read();
            if (field is null || values[field.Slot].Kind != FieldKind.Missing) reader.Skip();
            else ReadValue(ref reader, field, values);
        }
    }

    private static void ReadValue(ref Utf8JsonReader reader, JsonFieldNode field, Span<FieldValue> values)
    {
        int start = (int)reader.TokenStartIndex;
        bool escaped = reader.ValueIsEscaped;
        FieldKind kind = KindOf(reader.TokenType);
        if (kind == FieldKind.Object && field.Children.Length > 0)
        {
            ReadObject(ref reader, field, values);
        }
        else
        {
            reader.Skip();
        }
        values[field.Slot] = new FieldValue(start, (int)reader.BytesConsumed - start, kind, escaped);
    }

    private static JsonFieldNode? FindEscaped(ref Utf8JsonReader reader, JsonFieldNode node)
    {
        foreach (JsonFieldNode child in node.Children)
            if (reader.ValueTextEquals(child.Name)) return child;
        return null;
    }

    private static FieldKind KindOf(JsonTokenType token) => token switch
    {
        JsonTokenType.String => FieldKind.String,
        JsonTokenType.Number => FieldKind.Number,
        JsonTokenType.True => FieldKind.True,
        JsonTokenType.False => FieldKind.False,
        JsonTokenType.StartObject => FieldKind.Object,
        JsonTokenType.StartArray => FieldKind.Array,
        _ => FieldKind.Null,
    };
}
