using System.Globalization;
using Pipeline.Configuration;
using Pipeline.Reports;

namespace Pipeline.Commands;

/// <summary>Makes of the flags where a run's reports go.</summary>
internal static class ReportSetup
{
    /// <summary>Of the flags of a run.</summary>
    /// <param name="flags">The flags.</param>
    /// <param name="job">The job.</param>
    /// <param name="configuration">The effective configuration, secrets masked.</param>
    /// <exception cref="ArgumentException">HTTP is to listen beyond loopback without a token, or the token cannot be read.</exception>
    public static ReportSettings Of(RunFlags flags, JobOptions job, string configuration)
    {
        bool json = flags.ReportFormat == TextFormat.Json;
        return new ReportSettings
        {
            Form = json ? ReportForm.Json : flags.Report == ReportTarget.File ? ReportForm.Text : ReportForm.Lines,
            File = flags.Report == ReportTarget.File ? flags.ReportFile ?? Path.Combine(job.State.Dir, json ? "report.jsonl" : "report.txt") : null,
            Http = flags.Http is { } address ? Http(address, flags.HttpTokenFile) : null,
            Configuration = configuration,
            Otlp = flags.Otlp,
        };
    }

    /// <summary>Time between reports; null: none are written.</summary>
    public static TimeSpan? Interval(RunFlags flags) => flags.Report switch
    {
        ReportTarget.Console when flags.Log.Verbosity == Verbosity.Quiet => null,
        ReportTarget.Console or ReportTarget.File => flags.ReportInterval,
        _ => null,
    };

    private static HttpSettings Http(string address, string? tokenFile)
    {
        int colon = address.LastIndexOf(':');
        string host = address[..colon];
        if (tokenFile is null && !HttpSettings.IsLoopback(host))
            throw new ArgumentException($"--http {address}: expected a loopback address or --http-token-file FILE with a token that callers have to show, found neither");
        return new HttpSettings(host, int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture), tokenFile is null ? null : Token(tokenFile));
    }

    private static string Token(string file)
    {
        try
        {
            string token = File.ReadAllText(file).Trim();
            return token.Length > 0 ? token : throw new ArgumentException($"--http-token-file {file}: expected a token, found nothing");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"--http-token-file {file}: expected a file with a token, found: {failure.Message}", failure);
        }
    }
}
