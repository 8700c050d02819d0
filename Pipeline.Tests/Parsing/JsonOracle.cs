using System.Text;
using System.Text.Json;

namespace Pipeline.Tests.Parsing;

/// <summary>What the field reader must say of any bytes, told by a whole document: slow and obvious.</summary>
internal static class JsonOracle
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The document, or null when the bytes are not exactly one object, at most 64 deep, in valid UTF-8 with paired surrogates.</summary>
    public static JsonDocument? Document(byte[] bytes)
    {
        try
        {
            Strict.GetCharCount(bytes);
            var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 64 });
            if (document.RootElement.ValueKind != JsonValueKind.Object) return null;
            Unescape(document.RootElement);
            return document;
        }
        catch (Exception unsound) when (unsound is DecoderFallbackException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The first field of each name on the path; null where there is none.</summary>
    public static JsonElement? Find(JsonElement element, string path)
    {
        foreach (string name in path.Split('.'))
        {
            if (element.ValueKind != JsonValueKind.Object) return null;
            JsonProperty[] named = [.. element.EnumerateObject().Where(property => property.Name == name)];
            if (named.Length == 0) return null;
            element = named[0].Value;
        }
        return element;
    }

    /// <summary>Throws for a lone surrogate in any string or name.</summary>
    private static void Unescape(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) _ = element.GetString();
        if (element.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in element.EnumerateArray()) Unescape(item);
        if (element.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty property in element.EnumerateObject())
            {
                _ = property.Name;
                Unescape(property.Value);
            }
    }
}
