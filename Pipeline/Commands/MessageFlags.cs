using System.CommandLine;
using System.CommandLine.Parsing;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary>Flags every command has: how messages look.</summary>
internal sealed class MessageFlags
{
    private readonly Option<TextFormat> _format = Words<TextFormat>("--log-format", "Form of log lines");

    private readonly Option<bool> _quiet = new("-q", "--quiet") { Description = "Warnings and errors only", Recursive = true };

    private readonly Option<bool> _verbose = new("-v", "--verbose") { Description = "Details too", Recursive = true };

    private readonly Option<bool> _noColor = new("--no-color") { Description = "No colours (also: the variable NO_COLOR)", Recursive = true };

    /// <summary>Gives the root, and with it every command, these flags.</summary>
    public void AddTo(RootCommand root)
    {
        _format.Recursive = true;
        foreach (Option option in (Option[])[_format, _quiet, _verbose, _noColor]) root.Add(option);
        _quiet.Validators.Add(RefuseContradiction);
    }

    /// <summary>What was said.</summary>
    public LogFlags Read(ParseResult parsed) => new()
    {
        Format = parsed.GetValue(_format),
        Verbosity = parsed.GetValue(_quiet) ? Verbosity.Quiet : parsed.GetValue(_verbose) ? Verbosity.Verbose : Verbosity.Normal,
        // https://no-color.org: present and not empty, whatever the value.
        Color = !parsed.GetValue(_noColor) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
    };

    /// <summary>The log of a command that does one thing and ends.</summary>
    public EventLog OpenToolLog(ParseResult parsed, Func<string, string>? mask = null) =>
        Read(parsed).OpenLog(parsed.InvocationConfiguration.Error, TimeProvider.System, mask, tool: true);

    /// <summary>An option that takes the names of an enumeration in lower case, and nothing else (not its numbers); the first is the default.</summary>
    public static Option<T> Words<T>(string name, string description) where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Select(word => word.ToLowerInvariant())];
        return new Option<T>(name)
        {
            Description = $"{description} (default: {words[0]})",
            HelpName = string.Join('|', words),
            CustomParser = result => Parse<T>(result, name, words),
        };
    }

    private static T Parse<T>(ArgumentResult result, string name, string[] words) where T : struct, Enum
    {
        string text = result.Tokens[0].Value;
        int at = Array.IndexOf(words, text);
        if (at >= 0) return Enum.GetValues<T>()[at];
        string hint = Configuration.Suggestion.Closest(text, words) is { } meant ? $"; did you mean {meant}?" : "";
        result.AddError($"{name} takes {string.Join(", ", words)}; found '{text}'{hint}");
        return default;
    }

    private void RefuseContradiction(OptionResult result)
    {
        if (result.GetValue(_quiet) && result.GetValue(_verbose)) result.AddError("-q and -v exclude each other");
    }
}
