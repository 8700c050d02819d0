using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.Versioning;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Launcher;

/// <summary>A copy of <c>run.ps1</c> in a repository of its own, whose programs are stand-ins that note how they were called.</summary>
/// <remarks>The script runs in PowerShell's engine without any of its command modules: what it needs there it has everywhere.</remarks>
[UnsupportedOSPlatform("windows")]
internal sealed class ScriptFixture : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Runspace _runspace;

    public ScriptFixture()
    {
        Directory.CreateDirectory(Root);
        File.Copy(Path.Combine(Repository.Root, "run.ps1"), Path.Combine(Root, "run.ps1"));
        StandIn(_folder["dotnet"]);
        _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        _runspace.Open();
    }

    /// <summary>The copy's repository.</summary>
    public string Root => _folder["repository"];

    /// <summary>What lies beside the repository.</summary>
    public string Beside(string path) => _folder[path];

    /// <summary>What the last run wrote to standard error.</summary>
    public string Errors { get; private set; } = "";

    /// <summary>
    /// Runs the script with a line of arguments, as they would be typed. Gives its exit code and what was called: a line a call, the program's name, the
    /// directory it was called in where that is the repository (<c>@</c>), and its arguments in brackets.
    /// </summary>
    public (int ExitCode, string[] Calls) Run(string arguments, string? kafkaHome = null)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        shell.AddScript(InFolder).AddStatement().AddScript($"& '{Path.Combine(Root, "run.ps1")}' {arguments}").AddStatement().AddScript(Outcome);
        return Run(shell, kafkaHome);
    }

    /// <summary>Runs the script as <c>pwsh -File</c> does: what begins with a dash is handed over as a parameter's name, the rest as values.</summary>
    public (int ExitCode, string[] Calls) RunAsFile(params string[] arguments)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        shell.AddScript(InFolder).AddStatement().AddCommand(Path.Combine(Root, "run.ps1"));
        foreach (string argument in arguments)
            shell.Commands.Commands[^1].Parameters.Add(argument[0] == '-' ? new CommandParameter(argument) : new CommandParameter(null, argument));
        shell.AddStatement().AddScript(Outcome);
        return Run(shell, kafkaHome: null);
    }

    /// <summary>Makes a program that notes its calls and ends with 0, or 7 as <see cref="Fail"/> says.</summary>
    /// <param name="path">Where.</param>
    /// <param name="then">What it does before it ends.</param>
    public void StandIn(string path, string then = ":")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(
            path,
            $$"""
            #!/bin/sh
            line=$(basename "$0")
            [ "$(pwd)" = '{{Root}}' ] && line="$line @"
            for argument in "$@"; do line="$line [$argument]"; done
            echo "$line" >> '{{Log}}'
            echo "output of $line"
            for word in "$@"; do [ "$word" = "$(cat '{{Failing}}' 2>/dev/null)" ] && exit 7; done
            {{then}}

            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>From now on a call with this argument ends with 7.</summary>
    public void Fail(string argument) => File.WriteAllText(Failing, argument);

    public void Dispose()
    {
        _runspace.Dispose();
        _folder.Dispose();
    }

    private string InFolder => $"$null = $ExecutionContext.SessionState.Path.SetLocation('{_folder.Path}')";

    private static string Outcome => "[int] $LASTEXITCODE; [string] $ExecutionContext.SessionState.Path.CurrentFileSystemLocation";

    private (int ExitCode, string[] Calls) Run(PowerShell shell, string? kafkaHome)
    {
        File.Delete(Log);
        string? kafkaBefore = Environment.GetEnvironmentVariable("KAFKA_HOME");
        TextWriter errorBefore = Console.Error;
        using var errors = new StringWriter();
        Environment.SetEnvironmentVariable("KAFKA_HOME", kafkaHome);
        Environment.SetEnvironmentVariable("PIPELINE_DOTNET", _folder["dotnet"]);
        Console.SetError(errors);
        try
        {
            Collection<PSObject> output = shell.Invoke();
            Assert.IsEmpty(shell.Streams.Error, string.Join('\n', shell.Streams.Error));
            Assert.AreEqual(_folder.Path, output[^1].ToString(), "The caller's directory is as it was.");
            Errors = errors.ToString();
            return ((int)output[^2].BaseObject, File.Exists(Log) ? File.ReadAllLines(Log) : []);
        }
        finally
        {
            Console.SetError(errorBefore);
            Environment.SetEnvironmentVariable("PIPELINE_DOTNET", null);
            Environment.SetEnvironmentVariable("KAFKA_HOME", kafkaBefore);
        }
    }

    private string Log => _folder["calls"];

    private string Failing => _folder["failing"];
}
