using System.Text.Json;

namespace Pipeline.Checkpoints;

/// <summary>Names the settings in which two settings texts differ.</summary>
internal static class SettingsDifference
{
    private const int MostShown = 5;

    /// <summary>Such as <c>streams[1].key[0]: "item", now "item_id"</c>; the first few.</summary>
    public static string Between(string before, string now)
    {
        using JsonDocument left = JsonDocument.Parse(before);
        using JsonDocument right = JsonDocument.Parse(now);
        var found = new List<string>();
        Compare("", left.RootElement, right.RootElement, found);
        string shown = string.Join("; ", found.Take(MostShown));
        return found.Count > MostShown ? $"{shown}; and {found.Count - MostShown} more" : shown;
    }

    private static void Compare(string path, JsonElement? before, JsonElement? now, List<string> found)
    {
        if (before is { ValueKind: JsonValueKind.Object } oldObject && now is { ValueKind: JsonValueKind.Object } newObject)
        {
            string[] names = [.. oldObject.EnumerateObject().Concat(newObject.EnumerateObject()).Select(static member => member.Name).Distinct()];
            foreach (string name in names) Compare(path.Length == 0 ? name : $"{path}.{name}", Member(oldObject, name), Member(newObject, name), found);
            return;
        }
        if (before is { ValueKind: JsonValueKind.Array } oldArray && now is { ValueKind: JsonValueKind.Array } newArray)
        {
            for (int item = 0; item < Math.Max(oldArray.GetArrayLength(), newArray.GetArrayLength()); item++)
                Compare($"{path}[{item}]", Item(oldArray, item), Item(newArray, item), found);
            return;
        }
        string was = before?.GetRawText() ?? "absent", isNow = now?.GetRawText() ?? "absent";
        if (was != isNow) found.Add($"{path}: {was}, now {isNow}");
    }

    private static JsonElement? Member(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement member) ? member : null;

    private static JsonElement? Item(JsonElement parent, int index) => index < parent.GetArrayLength() ? parent[index] : null;
}
