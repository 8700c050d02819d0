using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Pipeline.Commands;

/// <summary>Options that take a number between bounds; what is none, or beyond them, is a mistake of usage that says what was expected.</summary>
internal static class NumberOption
{
    /// <summary>Makes one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="standard">Its value where it is not given.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be; null: there is no such bound.</param>
    public static Option<T> Of<T>(string name, string description, T standard, T least, T? most = null)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Parse(result, name, least, most),
        };

    private static T Parse<T>(ArgumentResult result, string name, T least, T? most)
        where T : struct, INumber<T>
    {
        string found = result.Tokens[0].Value;
        if (T.TryParse(found, CultureInfo.InvariantCulture, out T value) && value >= least && !(value > most)) return value;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} takes {(most is { } top ? $"{least} to {top}" : $"{least} or more")}, found '{found}'"));
        return default;
    }
}
