namespace Pipeline.Configuration;

/// <summary>A value of the job file, with its place, before anybody knows what it means.</summary>
/// <param name="origin">Where it stands.</param>
internal abstract class ConfigNode(Origin origin)
{
    /// <summary>Where it stands.</summary>
    public Origin Origin { get; } = origin;

    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }

    /// <summary>A key without a value, or with <c>null</c>, is as if it were not there.</summary>
    public virtual bool IsNull => false;
}

/// <summary>A text as it was written.</summary>
/// <param name="text">The text, unescaped.</param>
/// <param name="plain">Whether it was written without quotes.</param>
/// <param name="origin">Where it stands.</param>
internal sealed class ScalarNode(string text, bool plain, Origin origin) : ConfigNode(origin)
{
    /// <summary>The text, unescaped.</summary>
    public string Text { get; } = text;

    /// <inheritdoc/>
    public override string Kind => "a single value";

    /// <inheritdoc/>
    public override bool IsNull => plain && Text is ("" or "~" or "null" or "Null" or "NULL");
}

/// <summary>An ordered list.</summary>
/// <param name="origin">Where it stands.</param>
internal sealed class ListNode(Origin origin) : ConfigNode(origin)
{
    /// <summary>The elements.</summary>
    public List<ConfigNode> Items { get; } = [];

    /// <inheritdoc/>
    public override string Kind => "a list";
}

/// <summary>Named values in the order of the file.</summary>
/// <param name="origin">Where it stands.</param>
internal sealed class MapNode(Origin origin) : ConfigNode(origin)
{
    /// <summary>The entries; keys are unique.</summary>
    public List<MapEntry> Entries { get; } = [];

    /// <inheritdoc/>
    public override string Kind => "a section";

    /// <summary>The entry with a key, or null.</summary>
    public MapEntry? Find(string key) => Entries.Find(entry => entry.Key == key);

    /// <summary>Puts a value under a key, in place of an earlier one.</summary>
    public void Set(string key, Origin origin, ConfigNode value)
    {
        int at = Entries.FindIndex(entry => entry.Key == key);
        if (at < 0) Entries.Add(new MapEntry(key, origin, value));
        else Entries[at] = new MapEntry(key, origin, value);
    }
}

/// <summary>One named value.</summary>
/// <param name="Key">The name.</param>
/// <param name="Origin">Where the name stands.</param>
/// <param name="Value">The value.</param>
internal sealed record MapEntry(string Key, Origin Origin, ConfigNode Value);
