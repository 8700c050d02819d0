using System.Text;

namespace Pipeline.Configuration;

/// <summary>Puts the values of <c>${env:NAME}</c> and <c>${file:PATH}</c> in their places.</summary>
/// <remarks>What it puts in is a secret: callers mask the value and never print it. Replaced text is not searched again.</remarks>
/// <param name="environment">Variables by name.</param>
/// <param name="baseDirectory">What relative paths start from.</param>
internal sealed class SecretResolver(IReadOnlyDictionary<string, string> environment, string baseDirectory)
{
    private const string Open = "${";

    private readonly HashSet<string> _values = [];

    /// <summary>Says that a text is a secret wherever it came from.</summary>
    public void Hide(string value)
    {
        if (value.Length > 0) _values.Add(value);
    }

    /// <summary>A message without the secrets known so far.</summary>
    public string Mask(string message) =>
        _values.OrderByDescending(value => value.Length).Aggregate(message, (text, value) => text.Replace(value, SecretNames.Mask, StringComparison.Ordinal));

    /// <summary>Resolves a text.</summary>
    /// <param name="text">As written.</param>
    /// <param name="resolved">With every reference replaced.</param>
    /// <param name="secret">Whether there was a reference.</param>
    /// <returns>Null, or why it cannot be resolved.</returns>
    public string? Resolve(string text, out string resolved, out bool secret)
    {
        resolved = text;
        secret = text.Contains(Open, StringComparison.Ordinal);
        if (!secret) return null;

        var result = new StringBuilder();
        int at = 0;
        for (int open; (open = text.IndexOf(Open, at, StringComparison.Ordinal)) >= 0;)
        {
            int close = text.IndexOf('}', open);
            if (close < 0) return "${ without its }";
            result.Append(text, at, open - at);
            if (Append(result, text[(open + Open.Length)..close]) is { } mistake) return mistake;
            at = close + 1;
        }
        resolved = result.Append(text, at, text.Length - at).ToString();
        return null;
    }

    private string? Append(StringBuilder result, string reference)
    {
        string[] parts = reference.Split(':', 2);
        return parts switch
        {
            ["env", var name] => AppendVariable(result, name),
            ["file", var path] => AppendFile(result, path),
            _ => $"${{{reference}}} is no reference; expected ${{env:NAME}} or ${{file:PATH}}",
        };
    }

    private string? AppendVariable(StringBuilder result, string name)
    {
        if (!environment.TryGetValue(name, out string? value)) return $"the environment has no variable {name}";
        AppendValue(result, value);
        return null;
    }

    private string? AppendFile(StringBuilder result, string path)
    {
        try
        {
            // Editors end a file with a newline; no secret does.
            AppendValue(result, File.ReadAllText(Path.Combine(baseDirectory, path)).TrimEnd('\r', '\n'));
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"cannot read the secret's file: {failure.Message}";
        }
    }

    private void AppendValue(StringBuilder result, string value)
    {
        Hide(value);
        result.Append(value);
    }
}
