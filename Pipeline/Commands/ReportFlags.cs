using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pipeline.Configuration;

namespace Pipeline.Commands;

/// <summary>Flags of commands that run: reports, HTTP and the summary.</summary>
/// <param name="log">The flags every command has.</param>
internal sealed class ReportFlags(MessageFlags log)
{
    private readonly Option<ReportTarget> _report = MessageFlags.Words<ReportTarget>("--report", "Where reports go");

    private readonly Option<TimeSpan> _interval = new("--report-interval")
    {
        Description = $"Time between reports (default: {Durations.Format(new RunFlags().ReportInterval)})",
        HelpName = "DURATION",
        DefaultValueFactory = _ => new RunFlags().ReportInterval,
        CustomParser = ParseInterval,
    };

    private readonly Option<TextFormat> _format = MessageFlags.Words<TextFormat>("--report-format", "Form of reports");

    private readonly Option<string?> _http = new("--http")
    {
        Description = "Listen for HTTP (metrics, reports, health)",
        HelpName = "HOST:PORT",
        Validators = { CheckHttp },
    };

    private readonly Option<string?> _file = new("--report-file") { Description = "File of --report file (default: report.txt or report.jsonl in the state directory)", HelpName = "FILE" };

    private readonly Option<string?> _token = new("--http-token-file") { Description = "File with the bearer token that HTTP callers have to show; needed to listen beyond loopback", HelpName = "FILE" };

    private readonly Option<string?> _otlp = new("--otlp")
    {
        Description = "Send metrics to an OpenTelemetry collector (OTLP over HTTP)",
        HelpName = "URL",
        Validators = { CheckUrl },
    };

    private readonly Option<string?> _summary = new("--summary") { Description = "Write the summary to a file too", HelpName = "FILE" };

    /// <summary>Gives a command these flags.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_report, _interval, _format, _file, _http, _token, _otlp, _summary]) command.Add(option);
    }

    /// <summary>What was said.</summary>
    public RunFlags Read(ParseResult parsed)
    {
        ReportTarget report = parsed.GetValue(_report);
        return new RunFlags
        {
            Report = report,
            ReportInterval = parsed.GetValue(_interval),
            ReportFormat = parsed.GetValue(_format),
            Http = parsed.GetValue(_http) ?? (report == ReportTarget.Http ? RunFlags.DefaultHttp : null),
            ReportFile = parsed.GetValue(_file),
            HttpTokenFile = parsed.GetValue(_token),
            Otlp = parsed.GetValue(_otlp) is { } url ? new Uri(url) : null,
            Summary = parsed.GetValue(_summary),
            Log = log.Read(parsed),
        };
    }

    private static TimeSpan ParseInterval(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Durations.TryParse(text, out TimeSpan interval) && interval > TimeSpan.Zero) return interval;
        result.AddError($"--report-interval takes {Durations.Expected}, found '{text}'");
        return default;
    }

    private static void CheckUrl(OptionResult result)
    {
        foreach (Token token in result.Tokens)
            if (!Uri.TryCreate(token.Value, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https")) result.AddError($"--otlp takes http://host:port, found '{token.Value}'");
    }

    private static void CheckHttp(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            int colon = token.Value.LastIndexOf(':');
            if (colon < 1 || !ushort.TryParse(token.Value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                result.AddError($"--http takes host:port, found '{token.Value}'");
        }
    }
}
