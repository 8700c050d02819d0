using System.Globalization;

namespace Pipeline.Configuration;

/// <content>Single values and lists of texts.</content>
internal sealed partial class SectionReader
{
    /// <summary>A text; the fallback when it is left out.</summary>
    public string? Text(string key, string? fallback = null)
    {
        if (Find(key) is null)
        {
            if (fallback is not null) _effective.Add(key, YamlText.Quote(fallback), Origin.Default);
            return fallback;
        }
        if (Single(key, "a text") is not { } found) return fallback;
        if (string.IsNullOrWhiteSpace(found.Text)) Fail(key, "is empty");
        Keep(key, found, YamlText.Quote(found.Text));
        return found.Text;
    }

    /// <summary>A text that must be given; empty after a mistake.</summary>
    public string RequiredText(string key) => Require(key) ? Text(key) ?? "" : "";

    /// <summary>A path that must be given, made absolute; empty after a mistake.</summary>
    public string RequiredPath(string key)
    {
        if (!Require(key) || Single(key, "a path") is not { } found) return "";
        if (string.IsNullOrWhiteSpace(found.Text)) Fail(key, "is empty");
        string full = FullPath(found.Text);
        Keep(key, found, YamlText.Quote(full));
        return full;
    }

    /// <summary>A whole number.</summary>
    public int Integer(string key, int fallback, int least, int most) =>
        Value(key, "a whole number", fallback, ParseInteger, value => value.ToString(CultureInfo.InvariantCulture), least, most);

    /// <summary>A duration of whole milliseconds.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fallback">When it is left out.</param>
    /// <param name="least">Shortest allowed.</param>
    /// <param name="most">Longest allowed.</param>
    /// <param name="mayBeNever">Whether <c>never</c> is allowed.</param>
    /// <param name="fallbackKey">The key at the root that the fallback is the value of.</param>
    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan least, TimeSpan most, bool mayBeNever = false, string? fallbackKey = null)
    {
        if (fallbackKey is not null && !Has(key) && _context.IsPlaced(fallbackKey))
        {
            _effective.Add(key, Durations.Format(fallback), _context.OriginOf(fallbackKey));
            return fallback;
        }
        if (mayBeNever && Find(key)?.Value is ScalarNode { Text: Durations.Never } never)
        {
            _effective.Add(key, Durations.Never, never.Origin);
            return Timeout.InfiniteTimeSpan;
        }
        string expected = mayBeNever ? $"{Durations.Expected}, or never" : Durations.Expected;
        return Value(key, expected, fallback, Durations.TryParse, Durations.Format, least, most, Durations.Suggest);
    }

    /// <summary>A size in bytes.</summary>
    public long Size(string key, long fallback, long least, long most) =>
        Value(key, Sizes.Expected, fallback, Sizes.TryParse, Sizes.Format, least, most, Sizes.Suggest);

    /// <summary>A finite number; null when it is left out.</summary>
    public double? Number(string key)
    {
        if (Find(key) is null || Single(key, "a number") is not { } found) return null;
        if (!ParseNumber(found.Text, out double number))
        {
            Fail(key, $"expected a number, found {found.Shown}");
            return null;
        }
        Keep(key, found, number.ToString("R", CultureInfo.InvariantCulture));
        return number;
    }

    /// <summary>A finite number; the fallback when it is left out.</summary>
    public double Number(string key, double fallback)
    {
        if (Find(key) is null) _effective.Add(key, fallback.ToString("R", CultureInfo.InvariantCulture), Origin.Default);
        return Number(key) ?? fallback;
    }

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool fallback) =>
        Value(key, "true or false", fallback, bool.TryParse, value => value ? "true" : "false", false, true);

    /// <summary>One of several words.</summary>
    public T Choice<T>(string key, Choice<T> choice, T fallback) where T : struct, Enum
    {
        if (Find(key) is null)
        {
            _effective.Add(key, choice.NameOf(fallback), Origin.Default);
            return fallback;
        }
        return GivenChoice(key, choice, fallback);
    }

    /// <summary>One of several words, which must be given; the substitute after a mistake.</summary>
    public T RequiredChoice<T>(string key, Choice<T> choice, T substitute) where T : struct, Enum =>
        Require(key) ? GivenChoice(key, choice, substitute) : substitute;

    /// <summary>A list of texts; empty when it is left out.</summary>
    public IReadOnlyList<string> Texts(string key, bool arePaths = false)
    {
        if (Find(key) is not { } entry) return [];
        if (entry.Value is not ListNode list)
        {
            string? hint = entry.Value is ScalarNode single && !single.Text.Contains("${", StringComparison.Ordinal) ? $"[{single.Text}]" : null;
            Fail(key, $"expected a list of texts, found {entry.Value.Kind}", hint);
            return [];
        }
        var texts = new List<string>();
        var shown = new List<EffectiveValue>();
        foreach (ConfigNode item in list.Items)
        {
            string path = $"{PathOf(key)}[{texts.Count}]";
            _context.Place(path, item.Origin);
            string text = "";
            if (Resolve(path, item, "a text") is { } found)
            {
                if (string.IsNullOrWhiteSpace(found.Text)) _context.Fail(path, "is empty");
                text = arePaths ? FullPath(found.Text) : found.Text;
                shown.Add(new EffectiveValue(found.Secret ? YamlText.Masked : YamlText.Quote(text), item.Origin));
            }
            texts.Add(text);
        }
        _effective.Add(key, shown, entry.Origin);
        return texts;
    }

    /// <summary>A list of texts with at least one, all different.</summary>
    public IReadOnlyList<string> RequiredTexts(string key, bool arePaths = false)
    {
        if (!Require(key)) return [];
        IReadOnlyList<string> texts = Texts(key, arePaths);
        if (texts.Count == 0 && _context.IsSound(PathOf(key))) Fail(key, "is empty");
        if (texts.FirstOrDefault(text => text.Length > 0 && texts.Count(other => other == text) > 1) is { } twice) Fail(key, $"names '{twice}' twice");
        return texts;
    }

    /// <summary>librdkafka's properties, under their own names.</summary>
    public IReadOnlyDictionary<string, string> Properties(string key)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Map(key) is not { } map) return properties;
        EffectiveSection shown = _effective.AddSection(key);
        foreach (MapEntry entry in map.Entries)
        {
            if (entry.Value.IsNull) continue;
            string path = $"{PathOf(key)}.{entry.Key}";
            _context.Place(path, entry.Origin);
            if (Resolve(path, entry.Value, "a text") is not { } found) continue;
            properties[entry.Key] = found.Text;
            bool secret = found.Secret || SecretNames.Matches(entry.Key);
            if (secret) _context.Secrets.Hide(found.Text);
            shown.Add(YamlText.Quote(entry.Key), secret ? YamlText.Masked : YamlText.Quote(found.Text), entry.Origin);
        }
        return properties;
    }

    private T GivenChoice<T>(string key, Choice<T> choice, T fallback) where T : struct, Enum
    {
        if (Single(key, choice.Sentence) is not { } found) return fallback;
        if (!choice.TryFind(found.Text, out T value))
        {
            Fail(key, $"expected {choice.Sentence}, found {found.Shown}", Suggestion.Closest(found.Text, choice.Names));
            return fallback;
        }
        Keep(key, found, choice.NameOf(value));
        return value;
    }

    private delegate bool Parser<T>(string text, out T value);

    private T Value<T>(
        string key, string expected, T fallback, Parser<T> parse, Func<T, string> format, T least, T most, Func<string, string?>? suggest = null)
    {
        if (Find(key) is null)
        {
            _effective.Add(key, format(fallback), Origin.Default);
            return fallback;
        }
        if (Single(key, expected) is not { } found) return fallback;
        if (!parse(found.Text, out T value))
        {
            Fail(key, $"expected {expected}, found {found.Shown}", suggest?.Invoke(found.Text));
            return fallback;
        }
        if (Comparer<T>.Default.Compare(value, least) < 0 || Comparer<T>.Default.Compare(value, most) > 0)
        {
            Fail(key, $"must be from {format(least)} to {format(most)}, found {found.Shown}");
            return fallback;
        }
        Keep(key, found, format(value));
        return value;
    }

    private Resolved? Single(string key, string expected) => Find(key) is { } entry ? Resolve(PathOf(key), entry.Value, expected) : null;

    private Resolved? Resolve(string path, ConfigNode node, string expected)
    {
        if (node is not ScalarNode scalar)
        {
            _context.Fail(path, $"expected {expected}, found {node.Kind}");
            return null;
        }
        string? mistake = _context.Secrets.Resolve(scalar.Text, out string text, out bool secret);
        if (mistake is null && !text.Contains('\0', StringComparison.Ordinal)) return new Resolved(text, secret);
        _context.Fail(path, mistake ?? "contains a NUL character");
        return null;
    }

    private void Keep(string key, Resolved found, string yaml) =>
        _effective.Add(key, found.Secret ? YamlText.Masked : yaml, _context.OriginOf(PathOf(key)));

    private static bool ParseInteger(string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool ParseNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private readonly record struct Resolved(string Text, bool Secret)
    {
        public string Shown => $"'{Text}'";
    }
}
