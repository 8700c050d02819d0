using Pipeline.Commands;

namespace Pipeline.Tests.Commands;

/// <summary>What a call of the executable gave back.</summary>
/// <param name="ExitCode">To the caller.</param>
/// <param name="Output">Data.</param>
/// <param name="Error">Messages.</param>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    /// <summary>Calls it in this process.</summary>
    public static async Task<CommandRun> Of(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int exitCode = await CommandLine.RunAsync(arguments, output, error);
        return new CommandRun(exitCode, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
