namespace Pipeline.Configuration;

/// <summary>The way from a job's root to a key, by the names of its sections.</summary>
/// <remarks>
/// An element of a list is named by its number (<c>streams.1</c>, <c>streams[1]</c>) or by its <c>name</c> (<c>streams.click</c>).
/// Behind <c>properties</c> everything is one key: librdkafka's names contain dots themselves.
/// </remarks>
/// <param name="Segments">The names, outermost first.</param>
internal sealed record KeyPath(IReadOnlyList<string> Segments)
{
    private const string Properties = "properties";

    /// <summary>What a variable's name begins with.</summary>
    public const string EnvironmentPrefix = "PIPELINE__";

    /// <summary>Reads a path as it is written behind <c>--set</c>.</summary>
    public static KeyPath Parse(string path) =>
        new(Join(path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.')));

    /// <summary>Reads the path a variable's name spells; null for a variable that is not the pipeline's.</summary>
    public static KeyPath? FromVariable(string name)
    {
        if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)) return null;
        return new KeyPath(Join(name[EnvironmentPrefix.Length..].ToLowerInvariant().Split("__")));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('.', Segments);

    private static string[] Join(string[] parts)
    {
        int at = Array.IndexOf(parts, Properties) + 1;
        return at == 0 || at == parts.Length ? parts : [.. parts[..at], string.Join('.', parts[at..])];
    }
}
