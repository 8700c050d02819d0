using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Pipeline.Blocks.Records;

namespace Pipeline.Verification;

/// <summary>One field of a payload.</summary>
/// <param name="Text">What keys, times and filters see: a string's unescaped value, a number's or boolean's token; null for null, objects and arrays.</param>
/// <param name="Json">The value as it was written; a CSV value as a JSON string.</param>
/// <param name="IsText">Whether it is a string or a number, the only values that can be a key or an event id.</param>
internal sealed partial record Field(string? Text, string Json, bool IsText)
{
    /// <summary>The value as a number, where it is one or a string of one; else null.</summary>
    public double? Number => IsText && NumberText().IsMatch(Text!) ? double.Parse(Text!, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$")]
    private static partial Regex NumberText();
}

/// <summary>A record's fields: of a JSON object by path, or of a CSV row by column name. Of several with one name the first counts.</summary>
internal sealed class Payload
{
    private readonly JsonElement _object;
    private readonly IReadOnlyList<string>? _columns;
    private readonly List<string>? _values;

    private Payload(JsonElement root) => _object = root;

    private Payload(IReadOnlyList<string> columns, List<string> values) => (_columns, _values) = (columns, values);

    /// <summary>Reads a record; null when it is malformed.</summary>
    public static Payload? Parse(byte[] bytes, StreamOptions stream, IReadOnlyList<string>? header)
    {
        if (!Utf8.IsValid(bytes) || bytes.AsSpan().StartsWith("\uFEFF"u8)) return null;
        if (stream.Format == RecordFormat.Json) return ParseJson(bytes);
        IReadOnlyList<string> columns = ColumnsOf(stream, header);
        List<string>? values = bytes.AsSpan().ContainsAny("\0\r\n"u8) ? null : SplitRow(Encoding.UTF8.GetString(bytes), stream.Csv.Delimiter);
        return values?.Count == columns.Count ? new Payload(columns, values) : null;
    }

    /// <summary>The columns of a CSV stream.</summary>
    public static IReadOnlyList<string> ColumnsOf(StreamOptions stream, IReadOnlyList<string>? header) =>
        stream.Csv.Columns.Count > 0 ? stream.Csv.Columns : header ?? [];

    /// <summary>The field at a path; null when there is none.</summary>
    public Field? this[string path]
    {
        get
        {
            if (_values is not null)
            {
                int column = _columns!.ToList().IndexOf(path);
                return column < 0 ? null : new Field(_values[column], SampleText.Quote(_values[column]), IsText: true);
            }
            JsonElement value = _object;
            foreach (string name in path.Split('.'))
            {
                if (value.ValueKind != JsonValueKind.Object) return null;
                value = value.EnumerateObject().FirstOrDefault(field => field.NameEquals(name)).Value;
                if (value.ValueKind == JsonValueKind.Undefined) return null;
            }
            string? text = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            };
            return new Field(text, value.GetRawText(), value.ValueKind is JsonValueKind.String or JsonValueKind.Number);
        }
    }

    /// <summary>The whole payload as JSON: the object as it was written, or an object of the row's values.</summary>
    public string Json => _values is null
        ? _object.GetRawText()
        : "{" + string.Join(',', _columns!.Select((name, i) => $"{SampleText.Quote(name)}:{SampleText.Quote(_values[i])}")) + "}";

    /// <summary>Splits a row by RFC 4180; null when a quote is not closed, or stands elsewhere than around a whole value or doubled inside it.</summary>
    public static List<string>? SplitRow(string row, char delimiter)
    {
        var values = new List<string>();
        for (int i = 0; ; i++)
        {
            var value = new StringBuilder();
            if (i < row.Length && row[i] == '"')
            {
                for (i++; ; i++)
                {
                    if (i == row.Length) return null;
                    if (row[i] == '"' && (++i == row.Length || row[i] != '"')) break;
                    value.Append(row[i]);
                }
                if (i < row.Length && row[i] != delimiter) return null;
            }
            else
            {
                for (; i < row.Length && row[i] != delimiter; i++)
                {
                    if (row[i] == '"') return null;
                    value.Append(row[i]);
                }
            }
            values.Add(value.ToString());
            if (i == row.Length) return values;
        }
    }

    private static Payload? ParseJson(byte[] bytes)
    {
        try
        {
            JsonElement root = JsonElement.Parse(bytes, new JsonDocumentOptions { MaxDepth = 64 });
            bool isSound = root.ValueKind == JsonValueKind.Object && (!bytes.Contains((byte)'\\') || TextsAreSound(root));
            return isSound ? new Payload(root) : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Reading a text throws InvalidOperationException where it holds a lone surrogate, which only an escape can bring into valid UTF-8.
    private static bool TextsAreSound(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().All(field => field.Name is not null && TextsAreSound(field.Value)),
        JsonValueKind.Array => value.EnumerateArray().All(TextsAreSound),
        JsonValueKind.String => value.GetString() is not null,
        _ => true,
    };
}
