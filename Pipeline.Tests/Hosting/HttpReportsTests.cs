using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Pipeline.Blocks.Telemetry;
using Pipeline.Hosting.Http;
using Pipeline.Metrics;
using Pipeline.Reports;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Hosting;

[TestClass]
public sealed class HttpReportsTests : IDisposable
{
    private static readonly HttpClient Client = new();
    private readonly JobText _text = new();

    public void Dispose() => _text.Dispose();

    [TestMethod]
    public async Task EveryMetric_IsInEveryOutput_AndNoOther()
    {
        using var folder = new TempFolder();
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LiveJob job = Start(folder, new ReportSettings { Http = new HttpSettings("127.0.0.1", 0, null), MeterName = "every-metric", Listening = listening.SetResult });
        Uri address = await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await Eventually.Holds(() => job.IsRunning && job.Summary is { SourceRecords: > 0, Unaccounted: 0 }, "records are read");

        string prometheus = await GetAsync(address, "metrics");
        string json = await GetAsync(address, "metrics", "application/json");
        string text = await GetAsync(address, "metrics-text");
        string document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"));

        string[] expected = [.. MetricCatalogue.All.Select(static metric => metric.Name).Order()];
        CollectionAssert.AreEqual(expected, NamesOf(document, "| `", "` |"));
        CollectionAssert.AreEqual(expected, NamesOf(text, "# MEASUREMENT: [", null).Select(static name => name.Split("] ")[1]).Distinct().Order().ToArray());
        CollectionAssert.AreEqual(expected, NamesOf(JsonDocument.Parse(json).RootElement).Distinct().Order().ToArray());
        string[] families = [.. MetricCatalogue.All.SelectMany(PrometheusNames.FamiliesOf).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(families, PrometheusText.Parse(prometheus).Keys.Select(static series => series.Split('{')[0]).Distinct().Order(StringComparer.Ordinal).ToArray());
        Assert.AreEqual("", await PrometheusText.CheckWithPromtoolAsync(prometheus));
    }

    [TestMethod]
    public async Task Values_AreThoseOfTheRun()
    {
        using var folder = new TempFolder();
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LiveJob job = Start(folder, new ReportSettings { Http = new HttpSettings("127.0.0.1", 0, null), MeterName = "values", Listening = listening.SetResult, Configuration = "job: live\npassword: ***\n" });
        Uri address = await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await Eventually.Holds(() => job.IsRunning && job.Summary is { SourceRecords: 4, Unaccounted: 0 }, "all records are read");

        // A reading that was made before the records were counted is given for a moment more.
        await Eventually.StaysTrue(() => job.IsRunning, JobMetrics.Freshness, "the run goes on");
        Dictionary<string, double> series = PrometheusText.Parse(await GetAsync(address, "metrics"));

        Assert.AreEqual(4, series["pipeline_source_records_total"]);
        Assert.AreEqual(3, series["pipeline_stream_records_total{stream=\"exposure\"}"]);
        Assert.AreEqual(1, series["pipeline_stream_rejected_total{reason=\"malformed\",stream=\"exposure\"}"]);
        Assert.AreEqual(0, series[$"pipeline_partition_lag{{partition=\"0\",topic=\"{folder["click.jsonl"]}\"}}"]);
        Assert.IsGreaterThan(0, series["pipeline_state_memory_limit_bytes"]);
        Assert.AreEqual("live", await GetAsync(address, "health/live"));
        Assert.Contains("\"ready\":true", await GetAsync(address, "health/ready"));
        Assert.Contains("\"configuration\":[\"job: live\",\"password: ***\"]", await GetAsync(address, "env"));
    }

    [TestMethod]
    public async Task BeforeTheRun_ItLivesAndIsNotReady()
    {
        await using HttpReports server = await StartAsync(token: null);

        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "health/live"));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, await StatusAsync(server, "health/ready"));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, await StatusAsync(server, "metrics"));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, await StatusAsync(server, "metrics-text"));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "env"));
        Assert.AreEqual(HttpStatusCode.NotFound, await StatusAsync(server, "elsewhere"));
    }

    [TestMethod]
    public async Task LocalhostWithoutAPort_ListensOnAFreeOne()
    {
        await using HttpReports server = await StartAsync(token: null, host: "localhost");

        Assert.AreEqual("127.0.0.1", server.Address.Host);
        Assert.IsGreaterThan(0, server.Address.Port);
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "health/live"));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "health/live", host: "localhost"));
    }

    [TestMethod]
    public async Task NameThatWasMadeToLeadHere_IsRefused()
    {
        await using HttpReports server = await StartAsync(token: null);

        Assert.AreEqual(HttpStatusCode.MisdirectedRequest, await StatusAsync(server, "health/live", host: "evil.example"));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "health/live", host: "localhost"));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "health/live", host: "[::1]:1234"));
    }

    [TestMethod]
    public async Task WithAToken_OnlyHealthIsToldWithoutIt()
    {
        await using HttpReports server = await StartAsync("s3cret");

        Assert.AreEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, "env"));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, "env", token: "s3cre"));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "env", token: "s3cret"));
        Assert.AreEqual(HttpStatusCode.OK, await StatusAsync(server, "health/live", host: "pod.example"));
        Assert.DoesNotContain("starting", await BodyAsync(server, "health/ready", token: null));
        Assert.Contains("starting", await BodyAsync(server, "health/ready", "s3cret"));
    }

    [TestMethod]
    public async Task AddressInUse_IsAMistakeOfTheCaller()
    {
        await using HttpReports server = await StartAsync(token: null);

        ArgumentException refused = await Assert.ThrowsExactlyAsync<ArgumentException>(() => StartAsync(token: null, server.Address.Port));

        Assert.StartsWith($"--http: expected an address that is free to listen on, found 127.0.0.1:{server.Address.Port}", refused.Message);
    }

    private static LiveJob Start(TempFolder folder, ReportSettings reports)
    {
        File.WriteAllText(folder["exposure.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064800000}\n{\"user_id\":\"u2\",\"item_id\":\"i1\",\"ts\":1764064801000}\n{\n");
        File.WriteAllText(folder["click.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064805000}\n");
        File.WriteAllText(folder["job.yaml"], JobText.Small);
        return new LiveJob(folder["job.yaml"], reports: reports);
    }

    private Task<HttpReports> StartAsync(string? token, int port = 0, string host = "127.0.0.1") => HttpReports.StartAsync(
        new HttpSettings(host, port, token), new ReportHub(_text.LoadSound(JobText.Small), new Outages(TimeProvider.System)), new ReportSettings { MeterName = "no-run" });

    private static async Task<string> GetAsync(Uri address, string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        if (accept is not null) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        using HttpResponseMessage answer = await Client.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpReports server, string path, string? host = null, string? token = null)
    {
        using HttpResponseMessage answer = await SendAsync(server, path, host, token);
        return answer.StatusCode;
    }

    private static async Task<string> BodyAsync(HttpReports server, string path, string? token)
    {
        using HttpResponseMessage answer = await SendAsync(server, path, host: null, token);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpReports server, string path, string? host, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, path));
        request.Headers.Host = host;
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await Client.SendAsync(request);
    }

    private static string[] NamesOf(string text, string before, string? after) =>
    [
        .. text.Split('\n').Where(line => line.StartsWith(before, StringComparison.Ordinal))
            .Select(line => line[before.Length..]).Select(line => after is null ? line : line[..line.IndexOf(after, StringComparison.Ordinal)]).Distinct().Order(),
    ];

    private static IEnumerable<string> NamesOf(JsonElement report) =>
        from context in report.GetProperty("contexts").EnumerateArray()
        from kind in context.EnumerateObject()
        where kind.Value.ValueKind == JsonValueKind.Array
        from metric in kind.Value.EnumerateArray()
        select metric.GetProperty("name").GetString()!;
}
