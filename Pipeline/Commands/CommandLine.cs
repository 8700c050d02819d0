using System.CommandLine;
using System.CommandLine.Parsing;
using Pipeline.Configuration;

namespace Pipeline.Commands;

/// <summary>The executable's commands, and what a call of it gives back.</summary>
internal static class CommandLine
{
    /// <summary>Every command, one line each, in the order of the help.</summary>
    private static readonly Func<CommonOptions, Command>[] Commands =
    [
        GenerateCommand.Create,
        RunCommand.Create,
        DemoCommand.Create,
        ValidateCommand.Create,
        TopCommand.Create,
        StatusCommand.Create,
        VerifyCommand.Create,
        CheckpointCommand.Create,
        VersionCommand.Create,
    ];

    /// <summary>Parses and runs a command line.</summary>
    /// <param name="arguments">As the system hands them over.</param>
    /// <param name="output">Data.</param>
    /// <param name="error">Messages.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error)
    {
        ParseResult parsed = Create().Parse(arguments);
        if (parsed.Errors.Count > 0) return ReportUsage(parsed, error);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                // Signals drain a run; the library would cut it short.
                ProcessTerminationTimeout = null,
            });
        }
        // The outermost place: whatever arrives here was foreseen by nobody.
        catch (Exception bug)
        {
            await error.WriteLineAsync($"pipeline failed in a way it should not: {bug}");
            return ExitCodes.Bug;
        }
    }

    /// <summary>The root command with all others.</summary>
    public static RootCommand Create()
    {
        var common = new CommonOptions();
        var root = new RootCommand("Joins exposure and action logs into labelled samples.");
        common.Messages.AddTo(root);
        foreach (Func<CommonOptions, Command> create in Commands) root.Add(create(common));
        return root;
    }

    private static int ReportUsage(ParseResult parsed, TextWriter error)
    {
        Command command = parsed.CommandResult.Command;
        foreach (ParseError mistake in parsed.Errors) error.WriteLine(mistake.Message);
        foreach (string unmatched in parsed.UnmatchedTokens)
            if (Suggestion.Closest(unmatched, NamesIn(command)) is { } meant) error.WriteLine($"'{unmatched}': did you mean {meant}?");
        string path = command is RootCommand ? "pipeline" : $"pipeline {command.Name}";
        error.WriteLine($"See {path} --help");
        return ExitCodes.Usage;
    }

    private static IEnumerable<string> NamesIn(Command command) =>
        command.Subcommands.Select(sub => sub.Name).Concat(command.Options.Select(option => option.Name));
}
