using System.Net;
using System.Text.Json;
using Pipeline.Hosting;
using Pipeline.Reports;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>What a prober sees of a running job whose broker goes away and comes back.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class BrokerOutageTests : IDisposable
{
    /// <summary>A prober that does not wait for long.</summary>
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly JobRun _run = new();

    public void Dispose() => _run.Dispose();

    [TestMethod]
    public async Task BrokerThatIsAway_MakesTheJobUnready_AndItLives_AndIsReadyWhenItIsBack()
    {
        using KafkaServer server = KafkaServer.StartPrivate();
        string exposures = server.NewTopic("exposure"), clicks = server.NewTopic("click"), samples = server.NewTopic("samples");
        string job = _run.Write("job.yaml", $$"""
            job: {{samples}}-job
            out_of_orderness: 1s
            max_future: 3650d
            window: { length: 60s }
            streams:
              - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{server.Bootstrap}}", topics: [{{exposures}}] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { kafka: { bootstrap: "{{server.Bootstrap}}", topics: [{{clicks}}] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { kafka: { bootstrap: "{{server.Bootstrap}}", topic: {{samples}} } } }
            state: { dir: state, memory: 32MiB }
            """);
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var live = new LiveJob(job, reports: new ReportSettings { Http = new HttpSettings("127.0.0.1", 0, null), MeterName = samples, Listening = listening.SetResult });
        Uri address = await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        // What compiles for the first answer may take longer than a prober waits for it.
        using (var patient = new HttpClient()) (await patient.GetAsync(new Uri(address, "health/ready"))).Dispose();
        Produce(0);
        await IsSeenAsync(live, address, HttpStatusCode.OK, static _ => true, "it is ready");

        server.Kill();
        JsonElement sources = await IsSeenAsync(live, address, HttpStatusCode.ServiceUnavailable, static checks => !checks["sources"].GetProperty("ok").GetBoolean(), "the sources' broker is missed");
        Assert.StartsWith($"{server.Bootstrap}: ", sources.GetProperty("says").GetString()!);

        server.Restart();
        await IsSeenAsync(live, address, HttpStatusCode.OK, static checks => checks.Values.All(static check => check.GetProperty("ok").GetBoolean()), "it is ready again");
        Produce(100);
        await Eventually.Holds(() => live.IsRunning && live.Summary is { SourceRecords: 400 }, "what came since is read");
        JobSummary summary = await live.StopAsync();
        Assert.AreEqual((400, 0), (summary.SourceRecords, summary.Unaccounted));

        void Produce(int from)
        {
            foreach (string topic in (string[])[exposures, clicks])
                server.Produce(topic, Enumerable.Range(from, 100).Select(static user => new KafkaRecord(null, $$"""{"user":"u{{user}}","ts":{{StartedJob.Ten + user * 1_000L}}}""")));
        }
    }

    /// <summary>Probes as an orchestrator does until readiness is so; each time the job lives. Gives the check of the sources.</summary>
    private static async Task<JsonElement> IsSeenAsync(LiveJob live, Uri address, HttpStatusCode status, Func<Dictionary<string, JsonElement>, bool> checks, string what)
    {
        Dictionary<string, JsonElement> found = [];
        await Eventually.Holds(ProbeAsync, what);
        return found["sources"];

        async Task<bool> ProbeAsync()
        {
            Assert.IsTrue(live.IsRunning);
            Assert.AreEqual("live", await Client.GetStringAsync(new Uri(address, "health/live")));
            using HttpResponseMessage answer = await Client.GetAsync(new Uri(address, "health/ready"));
            JsonElement body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.AreEqual(answer.StatusCode == HttpStatusCode.OK, body.GetProperty("ready").GetBoolean());
            found = body.GetProperty("checks").EnumerateArray().ToDictionary(static check => check.GetProperty("name").GetString()!);
            return answer.StatusCode == status && checks(found);
        }
    }
}
