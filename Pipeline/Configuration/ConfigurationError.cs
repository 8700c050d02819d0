namespace Pipeline.Configuration;

/// <summary>One mistake, or one warning, of a job's configuration. Never holds a secret's text.</summary>
/// <param name="Origin">Where it stands.</param>
/// <param name="Path">The key (<c>streams[1].time.unit</c>); empty for the file as a whole.</param>
/// <param name="Message">What was expected and what was found.</param>
/// <param name="Suggestion">What was probably meant.</param>
internal sealed record ConfigurationError(Origin Origin, string Path, string Message, string? Suggestion = null)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        string place = Path.Length == 0 ? $"{Origin}" : $"{Origin}: {Path}";
        string hint = Suggestion is null ? "" : $"; did you mean {Suggestion}?";
        return $"{place}: {Message}{hint}";
    }
}
