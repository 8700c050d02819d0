using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Pipeline.Commands;

/// <summary>Options that take a number between bounds; what is none, or beyond them, is a mistake of usage that says what was expected.</summary>
internal static class NumberOption
{
    /// <summary>One with a value where it is not given.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="standard">That value.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be; null: as much as its type holds.</param>
    public static Option<T> Of<T>(string name, string description, T standard, T least, T? most = null)
        where T : struct, INumber<T>, IMinMaxValue<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Parse(result, name, least, most ?? T.MaxValue),
        };

    /// <summary>One that need not have a value; see <see cref="Of"/>.</summary>
    public static Option<T?> Optional<T>(string name, string description, T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => Parse(result, name, least, most),
        };

    private static T Parse<T>(ArgumentResult result, string name, T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        string found = result.Tokens[0].Value;
        // No separators of thousands: 0,1 is not 1.
        if (T.TryParse(found, NumberStyles.Float, CultureInfo.InvariantCulture, out T value) && T.IsFinite(value) && value >= least && value <= most) return value;
        // Half of one is nothing in whole numbers.
        bool whole = T.IsZero(T.One / (T.One + T.One));
        string range = most == T.MaxValue && !whole ? $"of {Text(least)} or more" : $"from {Text(least)} to {Text(most)}";
        result.AddError($"{name} takes a {(whole ? "whole " : "")}number {range}, found '{found}'");
        return default;
    }

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
