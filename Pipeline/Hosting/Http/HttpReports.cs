using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Pipeline.Metrics;
using Pipeline.Reports;

namespace Pipeline.Hosting.Http;

/// <summary>Reports and health over HTTP, from before the sources are opened until the run is over.</summary>
/// <remarks>
/// <c>/metrics</c> (Prometheus text; App.Metrics' JSON where <c>application/json</c> is asked for), <c>/metrics-text</c>, <c>/env</c>, <c>/health/live</c>, <c>/health/ready</c>.
/// Nothing of it asks a broker or a disk. Threading: the server's own threads.
/// Errors: <see cref="ArgumentException"/> for an address that cannot be listened on.
/// </remarks>
internal sealed class HttpReports : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly MeterProvider _prometheus;

    private HttpReports(WebApplication server, MeterProvider prometheus) => (_server, _prometheus) = (server, prometheus);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Begins to listen.</summary>
    public static async Task<HttpReports> StartAsync(HttpSettings settings, ReportHub hub, ReportSettings reports)
    {
        // Empty: what is usual besides reads settings from the working directory and watches it for changes, each file that state writes there too.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls($"http://{ListenOn(settings)}:{settings.Port}");
        WebApplication server = builder.Build();
        MeterProvider prometheus = Sdk.CreateMeterProviderBuilder()
            .AddMeter(reports.MeterName)
            .AddPrometheusExporter(static options =>
            {
                options.ScopeInfoEnabled = options.TargetInfoEnabled = false;
                options.ScrapeResponseCacheDurationMilliseconds = 0;
            })
            .Build();
        var access = new HttpAccess(settings);
        server.Use(access.CheckAsync);
        server.UseOpenTelemetryPrometheusScrapingEndpoint(
            prometheus, context => hub.Current is not null && context.Request.Path == "/metrics" && !WantsJson(context.Request), path: null, configureBranchedPipeline: null, optionsName: null);
        Map(server, hub, access, new EnvironmentReport(reports.Configuration));
        try
        {
            await server.StartAsync().ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is IOException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            prometheus.Dispose();
            await server.DisposeAsync().ConfigureAwait(false);
            throw new ArgumentException($"--http: expected an address that is free to listen on, found {settings.Host}:{settings.Port}: {refused.Message}", refused);
        }
        return new HttpReports(server, prometheus);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        _prometheus.Dispose();
    }

    /// <summary>A name has two addresses, for which the system would choose two ports: a free port is one of IPv4's.</summary>
    private static string ListenOn(HttpSettings settings) =>
        settings.Port == 0 && settings.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? System.Net.IPAddress.Loopback.ToString() : settings.Host;

    private static void Map(WebApplication server, ReportHub hub, HttpAccess access, EnvironmentReport environment)
    {
        server.MapGet("/metrics", () => OfRun(hub, static run => Results.Text(JsonReport.Line(run.Make()), "application/json")));
        server.MapGet("/metrics-text", () => OfRun(hub, static run => Results.Text(TextReport.Of(run.Make()))));
        server.MapGet("/env", () => Results.Text(environment.Json(), "application/json"));
        server.MapGet("/health/live", static () => Results.Text("live"));
        server.MapGet("/health/ready", (HttpRequest request) => Ready(Readiness.Of(hub), access.IsTrusted(request)));
    }

    private static IResult OfRun(ReportHub hub, Func<RunReports, IResult> answer) =>
        hub.Current is { } run ? answer(run) : Results.Text("the run has not begun, or is over", statusCode: StatusCodes.Status503ServiceUnavailable);

    /// <summary>Whoever showed no token is told which checks hold, and not what was found.</summary>
    private static IResult Ready(Readiness now, bool trusted)
    {
        Readiness shown = trusted ? now : now with { Checks = [.. now.Checks.Select(static check => check with { Says = "" })] };
        return Results.Text(JsonSerializer.Serialize(shown, HealthJson.Default.Readiness), "application/json", statusCode: now.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static bool WantsJson(HttpRequest request) =>
        request.Headers.Accept.Any(static accept => accept?.Contains("application/json", StringComparison.OrdinalIgnoreCase) == true);
}
