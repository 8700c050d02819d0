namespace Pipeline.Reports;

/// <summary>How reports look.</summary>
internal enum ReportForm
{
    /// <summary>A few lines for people.</summary>
    Lines,

    /// <summary>App.Metrics' text, with every metric.</summary>
    Text,

    /// <summary>App.Metrics' JSON, one object a line.</summary>
    Json,
}

/// <summary>Where reports of a run go, beside the console.</summary>
internal sealed record ReportSettings
{
    /// <summary>How they look.</summary>
    public ReportForm Form { get; init; }

    /// <summary>File they are appended to; null: they go to the console.</summary>
    public string? File { get; init; }

    /// <summary>Where HTTP listens; null: it does not.</summary>
    public HttpSettings? Http { get; init; }

    /// <summary>Told where HTTP listens; null: nobody.</summary>
    public Action<Uri>? Listening { get; init; }

    /// <summary>Name of the meter; others in the same process have others.</summary>
    public string MeterName { get; init; } = Metrics.PipelineMeter.Name;

    /// <summary>The effective configuration as YAML, secrets masked; for <c>/env</c>.</summary>
    public string Configuration { get; init; } = "";

    /// <summary>Where metrics are sent by OTLP; null: nowhere.</summary>
    public Uri? Otlp { get; init; }
}

/// <summary>Where HTTP listens, and to whom.</summary>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">Port; 0: a free one.</param>
/// <param name="Token">What callers have to show as bearer token; null: nothing, which only a loopback address may.</param>
internal sealed record HttpSettings(string Host, int Port, string? Token)
{
    /// <summary>Whether only this machine's processes reach it.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host.Trim('[', ']'), out System.Net.IPAddress? address) && System.Net.IPAddress.IsLoopback(address));
}
