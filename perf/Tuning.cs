using System.CommandLine;

namespace Pipeline.Perf;

/// <summary>The executable's flags for its parallelism, for scenarios that hand them on to it as they stand.</summary>
internal sealed class Tuning
{
    private static readonly string[] Names = ["--parse-parallelism", "--lanes", "--format-parallelism", "--block-capacity", "--batch-records"];

    private readonly Option<int?>[] _options = [.. Names.Select(static name => new Option<int?>(name) { Description = "As of run" })];

    /// <summary>Makes a command take them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option<int?> option in _options) command.Add(option);
    }

    /// <summary>Those that were given, for the executable.</summary>
    public string[] FlagsOf(ParseResult parsed) => [.. _options.Where(option => parsed.GetValue(option) is not null).SelectMany(option => new[] { option.Name, $"{parsed.GetValue(option)}" })];
}
