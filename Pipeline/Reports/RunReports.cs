using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Pipeline.Hosting;
using Pipeline.Metrics;

namespace Pipeline.Reports;

/// <summary>The reports of one run: metrics, rates and the verdict, and where they go at each interval.</summary>
/// <remarks>Threading: any. Ownership: owns the meter and the exporter; to be disposed of before the topology is.</remarks>
internal sealed class RunReports : IDisposable
{
    private readonly RunView _run;
    private readonly ReportSettings _settings;
    private readonly PipelineMeter _meter;
    private readonly MeterProvider? _otlp;
    private int _exportMilliseconds;
    private readonly ConsoleReport _lines;
    private readonly Action<string> _write;

    /// <summary>Reports of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="settings">Where they go.</param>
    /// <param name="console">Takes those that go nowhere else.</param>
    public RunReports(RunView run, ReportSettings settings, TextWriter console)
    {
        (_run, _settings) = (run, settings);
        Metrics = new JobMetrics(run);
        _meter = new PipelineMeter(Metrics.Read, settings.MeterName);
        _lines = new ConsoleReport(run, Metrics);
        _write = settings.File is { } file ? new ReportFile(file).Append : console.WriteLine;
        if (settings.Otlp is { } endpoint) _otlp = Export(run, settings.MeterName, endpoint);
        Tick(TimeSpan.Zero);
    }

    /// <summary>The metrics.</summary>
    public JobMetrics Metrics { get; }

    /// <summary>Their rates.</summary>
    public RateBook Rates { get; } = new();

    /// <summary>What limits the run now.</summary>
    public string Verdict() => Reports.Verdict.Of(VerdictInput.Of(Metrics));

    /// <summary>The report now.</summary>
    public Report Make() => ReportBuilder.Of(_run.Job.Job, Verdict(), Metrics.Read(), Rates);

    /// <summary>Makes rates and shares anew; once every <see cref="RateBook.TickInterval"/>.</summary>
    public void Tick(TimeSpan passed)
    {
        Metrics.Tick();
        Rates.Tick(Metrics.Read(), passed);
    }

    /// <summary>Writes a report to where reports go.</summary>
    public void Write() => _write(_settings.Form switch
    {
        ReportForm.Json => JsonReport.Line(Make()),
        ReportForm.Text => TextReport.Of(Make()).TrimEnd('\n'),
        _ => _lines.Make(Verdict()),
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        // The last metrics may take as long as any export; by itself the provider would give them 5 s.
        _otlp?.Shutdown(_exportMilliseconds);
        _otlp?.Dispose();
        _meter.Dispose();
        Metrics.Close();
    }

    private MeterProvider Export(RunView run, string meter, Uri endpoint) =>
        Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateDefault().AddService("pipeline", serviceInstanceId: run.Job.Job))
            .AddMeter(meter)
            .AddOtlpExporter(exporter =>
            {
                exporter.Endpoint = new Uri(endpoint, endpoint.AbsolutePath == "/" ? "/v1/metrics" : endpoint.AbsolutePath);
                exporter.Protocol = OpenTelemetry.Exporter.OtlpExportProtocol.HttpProtobuf;
                _exportMilliseconds = exporter.TimeoutMilliseconds;
            })
            .Build();
}
