using System.Text.Json;

namespace Pipeline.Checkpoints;

/// <summary>Names the settings by which the keys and payloads that are kept in open windows are read, where two settings texts differ in them.</summary>
internal static class PayloadDifference
{
    private static readonly string[] OfPayload = ["format", "columns", "delimiter", "header"];

    /// <summary>Such as <c>stream click with 1 key fields, now 2</c>; null where there is none.</summary>
    public static string? Between(string before, string now)
    {
        using JsonDocument left = JsonDocument.Parse(before);
        using JsonDocument right = JsonDocument.Parse(now);
        if (!left.RootElement.TryGetProperty("streams", out JsonElement old) || !right.RootElement.TryGetProperty("streams", out JsonElement renewed)) return null;
        foreach ((JsonElement was, JsonElement isNow) in old.EnumerateArray().Zip(renewed.EnumerateArray()))
        {
            string name = was.GetProperty("name").GetString()!;
            int fields = was.GetProperty("key").GetArrayLength(), fieldsNow = isNow.GetProperty("key").GetArrayLength();
            if (fields != fieldsNow) return $"stream {name} with {fields} key fields, now {fieldsNow}";
            foreach (string setting in OfPayload)
                if (TextOf(was, setting) is var text && TextOf(isNow, setting) is var textNow && text != textNow) return $"stream {name} with {setting} {text}, now {textNow}";
        }
        return null;
    }

    private static string TextOf(JsonElement stream, string setting) => stream.TryGetProperty(setting, out JsonElement value) ? value.GetRawText() : "absent";
}
