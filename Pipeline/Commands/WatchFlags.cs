using System.CommandLine;
using System.CommandLine.Parsing;
using Pipeline.Watching;

namespace Pipeline.Commands;

/// <summary>Which running job a command asks.</summary>
internal sealed class WatchFlags
{
    private readonly Option<string> _http = new("--http")
    {
        Description = $"Where the job listens (default: {RunFlags.DefaultHttp})",
        HelpName = "HOST:PORT",
        DefaultValueFactory = static _ => RunFlags.DefaultHttp,
        Validators = { static result => Check(result) },
    };

    private readonly Option<string?> _token = new("--http-token-file") { Description = "File with the token that the job wants to be shown", HelpName = "FILE" };

    /// <summary>Gives a command these flags.</summary>
    public void AddTo(Command command)
    {
        command.Add(_http);
        command.Add(_token);
    }

    /// <summary>Asks; who does not answer is a message and 69.</summary>
    public async Task<int> RunAsync(CommonOptions common, ParseResult parsed, Func<RunClient, Task<int>> ask)
    {
        using Logging.EventLog log = common.Messages.OpenToolLog(parsed);
        string address = parsed.GetRequiredValue(_http);
        try
        {
            string? token = parsed.GetValue(_token) is { } file ? (await File.ReadAllTextAsync(file).ConfigureAwait(false)).Trim() : null;
            using var client = new RunClient(new Uri($"http://{address}"), token);
            return await ask(client).ConfigureAwait(false);
        }
        catch (HttpRequestException failure)
        {
            Logging.ToolMessages.Fails(log, $"{address}: expected a job that was started with --http {address}: {failure.Message}");
            return ExitCodes.Unavailable;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Logging.ToolMessages.Fails(log, $"--http-token-file: {failure.Message}");
            return ExitCodes.InputOutput;
        }
    }

    private static void Check(OptionResult result)
    {
        foreach (Token token in result.Tokens)
            if (!Uri.TryCreate($"http://{token.Value}", UriKind.Absolute, out Uri? address) || address.PathAndQuery != "/" || !token.Value.Contains(':', StringComparison.Ordinal))
                result.AddError($"--http takes host:port, found '{token.Value}'");
    }
}
