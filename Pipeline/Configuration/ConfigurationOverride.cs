namespace Pipeline.Configuration;

/// <summary>One value that goes over the job file's.</summary>
/// <param name="Path">Its key.</param>
/// <param name="Value">Text; YAML when it begins with a bracket, brace or quote.</param>
/// <param name="Origin">The flag or the variable.</param>
internal sealed record ConfigurationOverride(KeyPath Path, string Value, Origin Origin)
{
    /// <summary>What a flag says.</summary>
    /// <param name="flag">The flag as the user knows it: <c>--lanes</c>, or <c>--set parallelism.lanes</c>.</param>
    /// <param name="path">The key.</param>
    /// <param name="value">The value.</param>
    public static ConfigurationOverride FromFlag(string flag, string path, string value) =>
        new(KeyPath.Parse(path), value, new Origin(OriginKind.Flag, flag));

    /// <summary>What the environment says, in the order of the variables' names. An empty variable says nothing.</summary>
    public static IEnumerable<ConfigurationOverride> FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        foreach ((string name, string value) in environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
            if (value.Length > 0 && KeyPath.FromVariable(name) is { } path)
                yield return new ConfigurationOverride(path, value, new Origin(OriginKind.Environment, name));
    }
}
