using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.Configuration;

/// <summary>One value a job runs with.</summary>
/// <param name="Yaml">The value as YAML in one line.</param>
/// <param name="Origin">Where it comes from.</param>
internal sealed record EffectiveValue(string Yaml, Origin Origin);

/// <summary>The values a job runs with, in the order of the job file, each with its origin; secrets are masked before they come here.</summary>
internal sealed class EffectiveSection
{
    private readonly List<(string Key, object Value)> _entries = [];

    /// <summary>Adds a value.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="yaml">The value as YAML in one line.</param>
    /// <param name="origin">Where it comes from.</param>
    public void Add(string key, string yaml, Origin origin) => _entries.Add((key, new EffectiveValue(yaml, origin)));

    /// <summary>Adds a list of texts; one line where all elements come from one place.</summary>
    public void Add(string key, IReadOnlyList<EffectiveValue> items, Origin origin)
    {
        if (items.All(item => item.Origin == items[0].Origin))
            Add(key, $"[{string.Join(", ", items.Select(item => item.Yaml))}]", items.Count == 0 ? origin : items[0].Origin);
        else
            _entries.Add((key, items));
    }

    /// <summary>Adds a section, to be filled.</summary>
    public EffectiveSection AddSection(string key)
    {
        var section = new EffectiveSection();
        _entries.Add((key, section));
        return section;
    }

    /// <summary>Adds a list of sections, to be filled.</summary>
    public List<EffectiveSection> AddList(string key)
    {
        var list = new List<EffectiveSection>();
        _entries.Add((key, list));
        return list;
    }

    /// <summary>Writes everything as a job file, with each value's origin in a comment.</summary>
    public void Write(TextWriter output)
    {
        var lines = new List<(string Text, Origin? Origin)>();
        Append(lines, "", "");
        int width = Math.Min(64, lines.Max(line => line.Text.Length));
        foreach ((string text, Origin? origin) in lines)
            output.WriteLine(origin is null ? text : $"{text.PadRight(width)}  # {origin}");
    }

    private void Append(List<(string, Origin?)> lines, string first, string indent)
    {
        foreach ((string key, object value) in _entries)
        {
            switch (value)
            {
                case EffectiveValue single:
                    lines.Add(($"{first}{key}: {single.Yaml}", single.Origin));
                    break;
                case IReadOnlyList<EffectiveValue> items:
                    lines.Add(($"{first}{key}:", null));
                    lines.AddRange(items.Select(item => ($"{indent}  - {item.Yaml}", (Origin?)item.Origin)));
                    break;
                case EffectiveSection section:
                    lines.Add(($"{first}{key}:{(section._entries.Count == 0 ? " {}" : "")}", null));
                    section.Append(lines, indent + "  ", indent + "  ");
                    break;
                case List<EffectiveSection> list:
                    lines.Add(($"{first}{key}:", null));
                    foreach (EffectiveSection item in list) item.Append(lines, indent + "  - ", indent + "    ");
                    break;
            }
            first = indent;
        }
    }
}

/// <summary>Writes single values as YAML.</summary>
internal static partial class YamlText
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What stands in place of a secret.</summary>
    public const string Masked = $"\"{SecretNames.Mask}\"";

    /// <summary>A text: plain where no reader could take it for something else, else in double quotes, whose escapes are those of JSON.</summary>
    public static string Quote(string text) =>
        PlainText().IsMatch(text) && text is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off") ? text : JsonSerializer.Serialize(text, Relaxed);

    [GeneratedRegex(@"^[A-Za-z_/.][A-Za-z0-9_./-]*$")]
    private static partial Regex PlainText();
}
