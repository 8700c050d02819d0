using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Pipeline.Configuration;
using Pipeline.Tests.Crashes;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The real program running a job in a process of its own, and asked over its HTTP port.</summary>
internal sealed partial class ServedJob : IDisposable
{
    private static readonly HttpClient Client = new();
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Process _program;
    private readonly StringBuilder _said = new();

    private ServedJob(Process program)
    {
        _program = program;
        program.OutputDataReceived += Note;
        program.ErrorDataReceived += Note;
        program.BeginOutputReadLine();
        program.BeginErrorReadLine();
    }

    /// <summary>Starts it, and ends when it listens.</summary>
    public static async Task<ServedJob> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Executable.Path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        var job = new ServedJob(Process.Start(start)!);
        await Eventually.Holds(() => job._program.HasExited || Listening().IsMatch(job.Said), "the program listens");
        Assert.IsFalse(job._program.HasExited, job.Said);
        job.Address = new Uri(Listening().Match(job.Said).Value);
        return job;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Its standard output and standard error.</summary>
    public string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    /// <summary>A path's answer: status, headers and body.</summary>
    public async Task<string> GetAsync(string path, string? token = null, string accept = "*/*")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, path));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage answer = await Client.SendAsync(request);
        return $"{(int)answer.StatusCode}\n{answer.Headers}{answer.Content.Headers}\n{await answer.Content.ReadAsStringAsync()}";
    }

    /// <summary>Ends it as a service manager does, and gives its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Signals.Send(_program.Id, Signals.Terminate);
        await _program.WaitForExitAsync().WaitAsync(Limit);
        return _program.ExitCode;
    }

    public void Dispose()
    {
        if (!_program.HasExited) _program.Kill();
        _program.Dispose();
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_said) _said.AppendLine(line.Data);
    }

    [GeneratedRegex("http://127\\.0\\.0\\.1:[0-9]+/")]
    private static partial Regex Listening();
}
