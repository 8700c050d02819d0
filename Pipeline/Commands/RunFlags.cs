using Microsoft.Extensions.Logging;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary>Where reports go while a job runs.</summary>
internal enum ReportTarget
{
    /// <summary>Standard error.</summary>
    Console,

    /// <summary>A file.</summary>
    File,

    /// <summary>Served over HTTP.</summary>
    Http,

    /// <summary>Nowhere.</summary>
    None,
}

/// <summary>How machines, or people, read it.</summary>
internal enum TextFormat
{
    /// <summary>Lines for people.</summary>
    Text,

    /// <summary>JSON objects.</summary>
    Json,
}

/// <summary>How much is said on standard error.</summary>
internal enum Verbosity
{
    /// <summary>Warnings and errors (<c>-q</c>).</summary>
    Quiet,

    /// <summary>What an operator wants to know.</summary>
    Normal,

    /// <summary>Details too (<c>-v</c>).</summary>
    Verbose,
}

/// <summary>How messages look; every command has it.</summary>
internal sealed record LogFlags
{
    /// <summary>Form of log lines.</summary>
    public TextFormat Format { get; init; }

    /// <summary>How much is said.</summary>
    public Verbosity Verbosity { get; init; } = Verbosity.Normal;

    /// <summary>Whether colours may be used: neither <c>--no-color</c> nor the variable <c>NO_COLOR</c> is there.</summary>
    public bool Color { get; init; } = true;

    /// <summary>Opens the log these flags ask for.</summary>
    /// <param name="output">Standard error.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="mask">Takes secrets out of messages.</param>
    /// <param name="tool">Whether the command ends by itself, soon: its text is then messages alone, and each of them.</param>
    public EventLog OpenLog(TextWriter output, TimeProvider clock, Func<string, string>? mask = null, bool tool = false)
    {
        var options = new EventLogOptions
        {
            Form = Format == TextFormat.Json ? EventForm.Json : tool ? EventForm.Plain : EventForm.Text,
            Least = Verbosity switch { Verbosity.Quiet => LogLevel.Warning, Verbosity.Verbose => LogLevel.Debug, _ => LogLevel.Information },
            Color = Color && !Console.IsErrorRedirected,
        };
        if (mask is not null) options = options with { Mask = mask };
        return EventLog.Open(output, tool ? options with { RepeatInterval = TimeSpan.Zero } : options, clock);
    }
}

/// <summary>What the command line says about a run besides the job itself; no value changes a sample.</summary>
internal sealed record RunFlags
{
    /// <summary>Where reports go.</summary>
    public ReportTarget Report { get; init; } = ReportTarget.Console;

    /// <summary>Time between reports.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Form of reports.</summary>
    public TextFormat ReportFormat { get; init; }

    /// <summary>File of <c>--report file</c>; null: one in the state directory.</summary>
    public string? ReportFile { get; init; }

    /// <summary>File with the token that HTTP callers have to show; null: none.</summary>
    public string? HttpTokenFile { get; init; }

    /// <summary>Where metrics are sent by OTLP; null: nowhere.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>Host and port HTTP listens on; null: it does not listen. With <c>--report http</c> alone it is <see cref="DefaultHttp"/>.</summary>
    public string? Http { get; init; }

    /// <summary>File the summary is written to; null: only standard output.</summary>
    public string? Summary { get; init; }

    /// <summary>How messages look.</summary>
    public LogFlags Log { get; init; } = new();

    /// <summary>Where HTTP listens when only <c>--report http</c> asks for it: nobody else's machine reaches it.</summary>
    public const string DefaultHttp = "127.0.0.1:8080";
}
