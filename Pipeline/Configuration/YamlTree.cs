using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pipeline.Configuration;

/// <summary>Reads YAML into nodes that know their lines.</summary>
/// <remarks>
/// Works on the parser's events rather than on its document model, because that one throws at the first key given twice.
/// An alias stands for the node of its anchor. Errors: a syntax error ends the reading, with one mistake; keys given twice are gathered.
/// </remarks>
internal sealed class YamlTree
{
    /// <summary>Deepest nesting read; a job has 8 levels.</summary>
    private const int MaxDepth = 64;

    private readonly Parser _parser;
    private readonly Func<int, Origin> _origin;
    private readonly ICollection<ConfigurationError> _errors;
    private readonly Dictionary<AnchorName, ConfigNode> _anchors = [];

    private YamlTree(string text, Func<int, Origin> origin, ICollection<ConfigurationError> errors)
    {
        _parser = new Parser(new StringReader(text));
        _origin = origin;
        _errors = errors;
    }

    /// <summary>The text's only document; null when it is empty or is no YAML.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="origin">The origin of a line.</param>
    /// <param name="errors">Where mistakes go.</param>
    public static ConfigNode? Parse(string text, Func<int, Origin> origin, ICollection<ConfigurationError> errors)
    {
        try
        {
            return new YamlTree(text, origin, errors).ReadDocument();
        }
        catch (YamlException syntax)
        {
            errors.Add(new ConfigurationError(origin((int)syntax.Start.Line), "", $"not YAML: {syntax.Message}"));
            return null;
        }
    }

    private ConfigNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (Take<DocumentStart>() is null) return null;
        ConfigNode root = ReadNode("", 0);
        _parser.Consume<DocumentEnd>();
        if (Take<DocumentStart>() is { } second)
            _errors.Add(new ConfigurationError(OriginOf(second), "", "a second document begins here; a job is one document"));
        return root;
    }

    private ConfigNode ReadNode(string path, int depth)
    {
        if (Take<AnchorAlias>() is { } alias)
            return _anchors.TryGetValue(alias.Value, out ConfigNode? known) ? known : throw Broken(alias, $"no anchor &{alias.Value} before this alias");

        NodeEvent start = _parser.Consume<NodeEvent>();
        if (depth > MaxDepth) throw Broken(start, $"nested deeper than {MaxDepth} levels");
        ConfigNode node = start switch
        {
            Scalar scalar => new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain, OriginOf(scalar)),
            SequenceStart => ReadList(start, path, depth),
            _ => ReadMap(start, path, depth),
        };
        if (!start.Anchor.IsEmpty) _anchors[start.Anchor] = node;
        return node;
    }

    private ListNode ReadList(NodeEvent start, string path, int depth)
    {
        var list = new ListNode(OriginOf(start));
        while (Take<SequenceEnd>() is null) list.Items.Add(ReadNode($"{path}[{list.Items.Count}]", depth + 1));
        return list;
    }

    private MapNode ReadMap(NodeEvent start, string path, int depth)
    {
        var map = new MapNode(OriginOf(start));
        while (Take<MappingEnd>() is null)
        {
            Scalar key = Take<Scalar>() ?? throw Broken(_parser.Current ?? start, "a key is a single text");
            string keyPath = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            ConfigNode value = ReadNode(keyPath, depth + 1);
            if (map.Find(key.Value) is { } first)
                _errors.Add(new ConfigurationError(OriginOf(key), keyPath, $"given a second time; the first is at {first.Origin}"));
            else
                map.Entries.Add(new MapEntry(key.Value, OriginOf(key), value));
        }
        return map;
    }

    private T? Take<T>() where T : ParsingEvent => _parser.Accept<T>(out _) ? _parser.Consume<T>() : null;

    private Origin OriginOf(ParsingEvent parsed) => _origin((int)parsed.Start.Line);

    private static YamlException Broken(ParsingEvent at, string message) => new(at.Start, at.End, message);
}
