namespace Pipeline.Configuration;

/// <summary>Reads one section of a job: asked for a key it gives a checked value, and notes the mistake, the origin and the effective value.</summary>
/// <remarks>
/// Keys nobody asked for are unknown, so the readers themselves are the list of keys. A mistaken value is replaced by its default, so that reading
/// goes on and every mistake is found; a job with mistakes is never returned.
/// Threading: one thread.
/// </remarks>
internal sealed partial class SectionReader
{
    private readonly ReadingContext _context;
    private readonly MapNode? _node;
    private readonly EffectiveSection _effective;
    private readonly HashSet<string> _asked = [];

    /// <summary>A reader.</summary>
    /// <param name="context">Shared by all readers of the job.</param>
    /// <param name="node">The section; null when it is not given and everything has its default.</param>
    /// <param name="path">Its key; empty for the root.</param>
    /// <param name="effective">Where effective values go.</param>
    public SectionReader(ReadingContext context, MapNode? node, string path, EffectiveSection effective)
    {
        _context = context;
        _node = node;
        _effective = effective;
        Path = path;
    }

    /// <summary>The section's key; empty for the root.</summary>
    public string Path { get; }

    /// <summary>The path of a key in this section.</summary>
    public string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    /// <summary>Whether a key has a value.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>Whether a key has a single value, not a section or list.</summary>
    public bool IsSingle(string key) => Find(key)?.Value is ScalarNode;

    /// <summary>Whether a key has a value; it is a mistake when it has none.</summary>
    public bool Require(string key)
    {
        bool given = Has(key);
        // What was expected to be a section and is none lacks every key; that is one mistake, already named.
        if (!given && !_context.HasMistake(Path)) _context.Fail(PathOf(key), "is required");
        return given;
    }

    /// <summary>Notes a mistake at a key.</summary>
    public void Fail(string key, string message, string? suggestion = null) => _context.Fail(PathOf(key), message, suggestion);

    /// <summary>Notes a mistake of the section as a whole.</summary>
    public void FailSection(string message) => _context.Fail(Path, message);

    /// <summary>Notes a mistake when a range holds no number.</summary>
    public void CheckRange(double? min, double? max)
    {
        if (min > max) FailSection("min is greater than max");
    }

    /// <summary>An absolute path; a relative one starts at the job file.</summary>
    public string FullPath(string path) => _context.FullPath(path);

    /// <summary>A section whose keys all have defaults.</summary>
    public SectionReader Section(string key) => Open(key, Map(key));

    /// <summary>A section that may be left out, then null.</summary>
    public SectionReader? OptionalSection(string key) => Map(key) is { } map ? Open(key, map) : null;

    /// <summary>The one given section of several that exclude each other; null after a mistake.</summary>
    public (string Key, SectionReader Reader)? Alternative(params ReadOnlySpan<string> keys)
    {
        var given = new List<string>();
        foreach (string key in keys)
            if (Has(key)) given.Add(key);
        string names = string.Join(" or ", keys!);
        if (given.Count != 1) _context.Fail(Path, $"expected {names}, found {(given.Count == 0 ? "neither" : "both")}");
        return given.Count == 1 && OptionalSection(given[0]) is { } reader ? (given[0], reader) : null;
    }

    /// <summary>The sections of a list; none when it is left out.</summary>
    public List<SectionReader> Sections(string key)
    {
        var readers = new List<SectionReader>();
        if (Find(key) is not { } entry) return readers;
        if (entry.Value is not ListNode list)
        {
            Fail(key, $"expected a list, found {entry.Value.Kind}");
            return readers;
        }
        List<EffectiveSection> effective = _effective.AddList(key);
        foreach (ConfigNode item in list.Items)
        {
            string path = $"{PathOf(key)}[{readers.Count}]";
            _context.Place(path, item.Origin);
            if (item is not MapNode) _context.Fail(path, $"expected a section, found {item.Kind}");
            var section = new EffectiveSection();
            effective.Add(section);
            readers.Add(new SectionReader(_context, item as MapNode, path, section));
        }
        return readers;
    }

    /// <summary>Ends the section: what was not asked for is unknown.</summary>
    public void Close()
    {
        if (_node is null) return;
        foreach (MapEntry entry in _node.Entries)
            if (!_asked.Contains(entry.Key)) _context.Reject(Path, entry);
    }

    private SectionReader Open(string key, MapNode? map) => new(_context, map, PathOf(key), _effective.AddSection(key));

    private MapNode? Map(string key)
    {
        if (Find(key) is not { } entry) return null;
        if (entry.Value is MapNode map) return map;
        Fail(key, $"expected a section, found {entry.Value.Kind}");
        return null;
    }

    private MapEntry? Find(string key)
    {
        string path = PathOf(key);
        if (_asked.Add(key)) _context.Know(path);
        if (_node?.Find(key) is not { Value.IsNull: false } entry) return null;
        _context.Place(path, entry.Origin);
        return entry;
    }
}
