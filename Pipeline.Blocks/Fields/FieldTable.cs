namespace Pipeline.Blocks.Fields;

/// <summary>The distinct fields wanted from a record, numbered: what a field reader is compiled from.</summary>
/// <remarks>A path is names joined by dots (<c>features.f1</c>); in CSV it is the column's whole name. Threading: filled by one, then read by any.</remarks>
public sealed class FieldTable
{
    private readonly List<string> _paths = [];

    /// <summary>Number of distinct paths.</summary>
    public int Count => _paths.Count;

    /// <summary>The paths; a path's index is where a reader puts its value.</summary>
    public IReadOnlyList<string> Paths => _paths;

    /// <summary>Number of a path, added when it is new.</summary>
    public int Add(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        int known = _paths.IndexOf(path);
        if (known >= 0) return known;
        _paths.Add(path);
        return _paths.Count - 1;
    }
}
