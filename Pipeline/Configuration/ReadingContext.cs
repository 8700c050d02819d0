namespace Pipeline.Configuration;

/// <summary>What all readers of one job share: the mistakes so far, where each key stands, and how secrets and paths are resolved.</summary>
/// <param name="file">Origin of the file as a whole.</param>
/// <param name="baseDirectory">Absolute directory of the job file.</param>
/// <param name="secrets">Resolves references.</param>
/// <param name="errors">Where mistakes go.</param>
internal sealed class ReadingContext(Origin file, string baseDirectory, SecretResolver secrets, List<ConfigurationError> errors)
{
    private readonly Dictionary<string, Origin> _origins = [];
    private readonly HashSet<string> _known = [];
    private readonly List<(string Section, MapEntry Entry)> _unknown = [];

    /// <summary>Resolves references to secrets.</summary>
    public SecretResolver Secrets { get; } = secrets;

    /// <summary>Warnings: a job with them still runs.</summary>
    public List<ConfigurationError> Warnings { get; } = [];

    /// <summary>Records a mistake at a key.</summary>
    public void Fail(string path, string message, string? suggestion = null) =>
        errors.Add(new ConfigurationError(OriginOf(path), path, Secrets.Mask(message), suggestion is null ? null : Secrets.Mask(suggestion)));

    /// <summary>Records a warning at a key.</summary>
    public void Warn(string path, string message) => Warnings.Add(new ConfigurationError(OriginOf(path), path, Secrets.Mask(message)));

    /// <summary>Whether neither a key nor anything below it has a mistake, so that it can be compared with others.</summary>
    public bool IsSound(string path) => !HasMistake(path) && !errors.Exists(error => IsBelow(error.Path, path));

    /// <summary>Whether a key itself has a mistake.</summary>
    public bool HasMistake(string path) => path.Length > 0 && errors.Exists(error => error.Path == path);

    /// <summary>Says that a key exists in the language of job files.</summary>
    public void Know(string path) => _known.Add(path);

    /// <summary>Says where a key stands.</summary>
    public void Place(string path, Origin origin) => _origins[path] = origin;

    /// <summary>Whether a key was given.</summary>
    public bool IsPlaced(string path) => _origins.ContainsKey(path);

    /// <summary>Says that nobody asked for an entry of a section.</summary>
    public void Reject(string section, MapEntry entry) => _unknown.Add((section, entry));

    /// <summary>Where a key stands; for one that was left out, its section.</summary>
    public Origin OriginOf(string path)
    {
        for (; path.Length > 0; path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))])
            if (_origins.TryGetValue(path, out Origin? origin)) return origin;
        return file;
    }

    /// <summary>An absolute path; a relative one starts at the job file.</summary>
    public string FullPath(string path) => Path.GetFullPath(Path.Combine(baseDirectory, path));

    /// <summary>Turns rejected entries into mistakes, now that every key anybody asks for is known.</summary>
    public void ReportUnknown()
    {
        foreach ((string section, MapEntry entry) in _unknown)
        {
            string prefix = section.Length == 0 ? "" : section + ".";
            IEnumerable<string> siblings = _known
                .Where(path => path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOfAny(['.', '['], prefix.Length) < 0)
                .Select(path => path[prefix.Length..]);
            string? suggestion = Suggestion.Closest(entry.Key, siblings)
                ?? _known.FirstOrDefault(path => path.EndsWith("." + entry.Key, StringComparison.Ordinal));
            errors.Add(new ConfigurationError(entry.Origin, prefix + entry.Key, "no such key", suggestion));
        }
    }

    private static bool IsBelow(string path, string section) =>
        path.Length > section.Length && path.StartsWith(section, StringComparison.Ordinal) && path[section.Length] is ('.' or '[');
}
