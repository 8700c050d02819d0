using System.Globalization;

namespace Pipeline.Configuration;

/// <summary>Puts the values of flags and variables over the nodes of the job file.</summary>
/// <remarks>Whether a key exists at all is found out when the nodes are read; here only the way to it is made.</remarks>
/// <param name="errors">Where mistakes go.</param>
internal sealed class OverrideLayer(ICollection<ConfigurationError> errors)
{
    /// <summary>Applies one value.</summary>
    public void Apply(MapNode root, ConfigurationOverride change)
    {
        ConfigNode? at = root;
        IReadOnlyList<string> path = change.Path.Segments;
        for (int i = 0; i < path.Count - 1 && at is not null; i++)
            at = Descend(at, path[i], IsIndex(path[i + 1]), change);
        if (at is not null && ValueOf(change) is { } value) Put(at, path[^1], value, change);
    }

    private ConfigNode? Descend(ConfigNode at, string name, bool toList, ConfigurationOverride change)
    {
        if (at is MapNode map)
        {
            if (map.Find(name)?.Value is MapNode or ListNode) return Owned(map, name, change);
            ConfigNode made = toList ? new ListNode(change.Origin) : new MapNode(change.Origin);
            map.Set(name, change.Origin, made);
            return made;
        }
        var list = (ListNode)at;
        int index = IndexOf(list, name, change);
        if (index < 0) return null;
        if (index == list.Items.Count) list.Items.Add(new MapNode(change.Origin));
        else if (list.Items[index] is ScalarNode) list.Items[index] = new MapNode(change.Origin);
        else list.Items[index] = Copy(list.Items[index]);
        return list.Items[index];
    }

    private void Put(ConfigNode at, string name, ConfigNode value, ConfigurationOverride change)
    {
        if (at is MapNode map)
        {
            map.Set(name, change.Origin, value);
            return;
        }
        var list = (ListNode)at;
        int index = IndexOf(list, name, change);
        if (index < 0) return;
        if (index == list.Items.Count) list.Items.Add(value);
        else list.Items[index] = value;
    }

    private int IndexOf(ListNode list, string name, ConfigurationOverride change)
    {
        if (IsIndex(name) && int.Parse(name, CultureInfo.InvariantCulture) is var index && index <= list.Items.Count) return index;

        List<string> names = [.. list.Items.Select(NameOf).OfType<string>()];
        int named = list.Items.FindIndex(item => NameOf(item) == name);
        // A variable's name has lost the case of what it spells.
        if (named < 0) named = list.Items.FindIndex(item => string.Equals(NameOf(item), name, StringComparison.OrdinalIgnoreCase));
        if (named >= 0) return named;

        string present = names.Count == 0 ? $"the list has {list.Items.Count} elements" : $"the list has {string.Join(", ", names)}";
        errors.Add(new ConfigurationError(change.Origin, $"{change.Path}", $"no element {name}; {present}", Suggestion.Closest(name, names)));
        return -1;
    }

    private ConfigNode? ValueOf(ConfigurationOverride change)
    {
        if (change.Value.TrimStart() is not ['[' or '{' or '"' or '\'', ..]) return new ScalarNode(change.Value, plain: true, change.Origin);
        var mistakes = new List<ConfigurationError>();
        ConfigNode? value = YamlTree.Parse(change.Value, _ => change.Origin, mistakes);
        foreach (ConfigurationError mistake in mistakes) errors.Add(mistake with { Path = $"{change.Path}" });
        return mistakes.Count == 0 ? value : null;
    }

    /// <summary>An aliased node belongs to several keys; what is set below one of them must not show below the others.</summary>
    private static ConfigNode Owned(MapNode map, string name, ConfigurationOverride change)
    {
        MapEntry entry = map.Find(name)!;
        ConfigNode own = Copy(entry.Value);
        map.Set(name, own is ListNode ? change.Origin : entry.Origin, own);
        return own;
    }

    private static ConfigNode Copy(ConfigNode node)
    {
        switch (node)
        {
            case MapNode map:
                var mapCopy = new MapNode(map.Origin);
                mapCopy.Entries.AddRange(map.Entries);
                return mapCopy;
            case ListNode list:
                var listCopy = new ListNode(list.Origin);
                listCopy.Items.AddRange(list.Items);
                return listCopy;
            default:
                return node;
        }
    }

    private static bool IsIndex(string name) => name.Length is > 0 and < 5 && name.All(char.IsAsciiDigit);

    private static string? NameOf(ConfigNode node) => node is MapNode map && map.Find("name")?.Value is ScalarNode name ? name.Text : null;
}
