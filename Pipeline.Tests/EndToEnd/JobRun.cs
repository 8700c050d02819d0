using System.Text.Json;
using Pipeline.Commands;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The program called as a user calls it, in a folder of the test's own.</summary>
internal sealed class JobRun : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>Path of a file in the folder.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Standard output and standard error of the last call.</summary>
    public string Output { get; private set; } = "";

    public string Messages { get; private set; } = "";

    /// <summary>Writes a file into the folder.</summary>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    /// <summary>Calls a command and gives its exit code.</summary>
    public async Task<int> CallAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var messages = new StringWriter();
        int code = await CommandLine.RunAsync(arguments, output, TextWriter.Synchronized(messages));
        Output = output.ToString();
        Messages = messages.ToString();
        return code;
    }

    /// <summary>Runs a job to its end and gives the summary.</summary>
    public async Task<JsonElement> RunToEndAsync(string job, params string[] more)
    {
        int code = await CallAsync(["run", job, "--until-end", .. more]);
        Assert.AreEqual(ExitCodes.Done, code, Messages);
        string[] lines = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(1, lines, "standard output is the summary and nothing else");
        JsonElement summary = JsonDocument.Parse(lines[0]).RootElement;
        Assert.AreEqual(0, summary.GetProperty("unaccounted").GetInt64());
        Assert.AreEqual(0, summary.GetProperty("open").GetInt64());
        return summary;
    }

    /// <summary>Compares samples with the reference; all of them must agree.</summary>
    public async Task VerifyAsync(string job, string samples, long expected)
    {
        int code = await CallAsync("verify", job, "--samples", samples);
        Assert.AreEqual($$"""{"expected":{{expected}},"found":{{expected}},"missing":0,"extra":0,"different":0,"duplicates":0}""", Output.Trim(), Messages);
        Assert.AreEqual(ExitCodes.Done, code);
    }

    public void Dispose() => _folder.Dispose();
}
