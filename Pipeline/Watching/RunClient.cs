using System.Net.Http.Headers;
using System.Text.Json;
using Pipeline.Hosting.Http;
using Pipeline.Reports;

namespace Pipeline.Watching;

/// <summary>Asks a running job over its HTTP port.</summary>
/// <remarks>Threading: one caller. Errors: <see cref="HttpRequestException"/> when nobody answers, or answers what no pipeline does.</remarks>
internal sealed class RunClient : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private readonly HttpClient _http;

    /// <param name="address">Where the job listens: <c>http://host:port</c>.</param>
    /// <param name="token">What it wants to be shown; null: nothing.</param>
    public RunClient(Uri address, string? token)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = AnswerLimit };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (token is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The report now; null while the run has not begun, or when it is over.</summary>
    public async Task<Report?> ReportAsync(CancellationToken stop)
    {
        using HttpResponseMessage answer = await GetAsync("metrics", stop).ConfigureAwait(false);
        if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable) return null;
        answer.EnsureSuccessStatusCode();
        return await ReadAsync(answer, ReportJson.Default.Report, stop).ConfigureAwait(false);
    }

    /// <summary>Whether the job does its work now.</summary>
    public async Task<Readiness> ReadinessAsync(CancellationToken stop)
    {
        using HttpResponseMessage answer = await GetAsync("health/ready", stop).ConfigureAwait(false);
        if (answer.StatusCode != System.Net.HttpStatusCode.ServiceUnavailable) answer.EnsureSuccessStatusCode();
        return await ReadAsync(answer, HealthJson.Default.Readiness, stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> GetAsync(string path, CancellationToken stop)
    {
        try
        {
            return await _http.GetAsync(new Uri(path, UriKind.Relative), stop).ConfigureAwait(false);
        }
        catch (TaskCanceledException slow) when (!stop.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {AnswerLimit.TotalSeconds:0} s", slow);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken stop)
    {
        try
        {
            Stream body = await answer.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
                return await JsonSerializer.DeserializeAsync(body, type, stop).ConfigureAwait(false) ?? throw new HttpRequestException("the answer is empty");
        }
        catch (JsonException other)
        {
            throw new HttpRequestException($"expected the report of a pipeline, found something else: {other.Message}", other);
        }
    }
}
