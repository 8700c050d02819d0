using System.Diagnostics;
using System.Text;
using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Tests.Crashes;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>Canaries in the place of secrets: whatever the real program prints, serves or writes, none of them is in it.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class SecretOutputTests : IDisposable
{
    private const string InVariable = "canary-of-a-variable-51b7", InFile = "canary-of-a-file-90c2", InPlain = "canary-in-plain-7d3e", InToken = "canary-of-a-token-c48d";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly JobRun _run = new();

    public void Dispose() => _run.Dispose();

    [TestMethod]
    public async Task NoSecret_IsInAnyOutputOfAnyCommand()
    {
        string job = Write(KafkaServer.Shared, out string[] topics);
        KafkaServer.Shared.Produce(topics[0], Enumerable.Range(0, 200).Select(static user => new KafkaRecord(null, $$"""{"user":"u{{user}}","ts":{{StartedJob.Ten + user * 1_000L}}}""")).Append(new(null, "no JSON")));
        KafkaServer.Shared.Produce(topics[1], Enumerable.Range(0, 200).Select(static user => new KafkaRecord(null, $$"""{"user":"u{{user}}","ts":{{StartedJob.Ten + user * 1_000L}}}""")));
        var said = new StringBuilder();

        Assert.AreEqual(ExitCodes.Done, await CallAsync(said, "validate", job, "--show"), said.ToString());
        Assert.AreEqual(ExitCodes.Done, await CallAsync(said, "run", job, "--until-end", "-v", "--report-interval", "100ms", "--summary", _run["summary.json"]), said.ToString());
        Assert.AreEqual(ExitCodes.DataRefused, await CallAsync(said, "run", job, "--until-end", "-v", "--log-format", "json"), said.ToString());
        Assert.AreEqual(ExitCodes.Done, await CallAsync(said, "verify", job, "--samples", "kafka", "-v"), said.ToString());
        Assert.AreEqual(ExitCodes.Done, await CallAsync(said, "checkpoint", "inspect", _run["state"]), said.ToString());

        StringAssert.Contains(said.ToString(), SecretNames.Mask, "the effective configuration shows where they are");
        StringAssert.Contains(said.ToString(), "malformed", "the dead letter was told");
        AssertNone("standard output and error", said.ToString());
        foreach (string file in Directory.EnumerateFiles(_run["."], "*", SearchOption.AllDirectories).Where(static file => Path.GetFileName(file) is not ("job.yaml" or "secret.txt" or "lock")))
            AssertNone(file, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)));
        foreach (string topic in new[] { topics[2], $"{topics[2]}-job.progress" })
            foreach (var record in KafkaServer.Shared.ReadAll(topic, readCommitted: false))
                AssertNone(topic, Encoding.Latin1.GetString([.. record.Message.Key ?? [], .. record.Message.Value ?? []]));
    }

    /// <summary>The whole of what a run shows while it runs, with its broker there, away and back: every HTTP path, the report file, JSON logs, OTLP, and what asks it.</summary>
    [TestMethod]
    public async Task NoSecret_IsInAnythingARunningJobServesOrSends()
    {
        using KafkaServer server = KafkaServer.StartPrivate();
        using var collector = new OtlpCollector();
        string job = Write(server, out string[] topics);
        string token = _run.Write("token.txt", InToken + "\n"), report = _run["report.jsonl"];
        foreach (string topic in topics[..2]) server.Produce(topic, Enumerable.Range(0, 200).Select(static user => new KafkaRecord(null, $$"""{"user":"u{{user}}","ts":{{StartedJob.Ten + user * 1_000L}}}""")).Append(new(null, "no JSON")));

        using ServedJob served = await ServedJob.StartAsync(
            new Dictionary<string, string> { ["CANARY"] = InVariable, ["BROKERS"] = server.Bootstrap },
            "run", job, "-v", "--log-format", "json", "--http", "127.0.0.1:0", "--http-token-file", token, "--report", "file", "--report-format", "json", "--report-file", report,
            "--report-interval", "100ms", "--otlp", collector.Address.ToString());
        var said = new StringBuilder();
        await Eventually.Holds(async () => (await served.GetAsync("metrics", InToken)).Contains("pipeline_samples_total{} 1", StringComparison.Ordinal), "samples are made");
        await AskAllAsync(served, said, token);
        server.Kill();
        await Eventually.Holds(async () => (await served.GetAsync("health/ready", InToken)).Contains("""{"name":"sources","ok":false""", StringComparison.Ordinal), "the broker is missed");
        await AskAllAsync(served, said, token);
        await Eventually.Holds(() => Read(report).Contains("goes on by itself when it is back", StringComparison.Ordinal), "the report says so");
        server.Restart();
        await Eventually.Holds(async () => (await served.GetAsync("health/ready", InToken)).StartsWith("200", StringComparison.Ordinal), "the broker is back");
        Assert.AreEqual(ExitCodes.Done, await served.TerminateAsync(), served.Said);

        Assert.IsNotEmpty(collector.Received);
        string[] credentials = [InVariable, InFile, InPlain, InToken], secrets = [.. credentials, server.Bootstrap];
        AssertNone("HTTP, status and top", said.ToString(), secrets);
        AssertNone("standard output and error", served.Said, secrets);
        foreach ((string path, string body) in collector.Received) AssertNone($"OTLP {path}", body, secrets);
        foreach (string file in Directory.EnumerateFiles(_run["."], "*", SearchOption.AllDirectories).Where(static file => Path.GetFileName(file) is not ("job.yaml" or "secret.txt" or "token.txt" or "lock")))
            // State says which brokers it is of, so that another's is refused.
            AssertNone(file, Read(file), file == report ? secrets : credentials);
        StringAssert.Contains(said.ToString(), $"sasl.password: \\u0022{SecretNames.Mask}", "the configuration is served with masks");
        StringAssert.Contains(said.ToString(), $"waits for {SecretNames.Mask}", "the broker's name is a secret here, and was to be named");
    }

    /// <summary>The client's own words for a broker that cannot be reached begin with its name, which is a secret here.</summary>
    [TestMethod]
    public async Task NoSecret_IsInWhatIsSaidOfABrokerThatIsAway()
    {
        string job = Write(server: null, out _);
        var said = new StringBuilder();

        Assert.AreEqual(ExitCodes.CheckFailed, await CallAsync(said, "validate", job), said.ToString());
        Assert.AreEqual(ExitCodes.CheckFailed, await CallAsync(said, "validate", job, "--log-format", "json"), said.ToString());

        StringAssert.Contains(said.ToString(), "Connection refused");
        AssertNone("standard output and error", said.ToString());
    }

    /// <summary>A job on a broker, on none where it is null; on a private one its address is a secret too.</summary>
    private string Write(KafkaServer? server, out string[] topics)
    {
        topics = server is null ? ["exposure", "click", "samples"] : [server.NewTopic("exposure"), server.NewTopic("click"), server.NewTopic("samples")];
        string bootstrap = server is null ? "127.0.0.1:1" : server == KafkaServer.Shared ? server.Bootstrap : "${env:BROKERS}";
        _run.Write("secret.txt", InFile + "\n");
        string secrets = $"properties: {{ client.id: 'name-${{env:CANARY}}', sasl.password: '${{file:secret.txt}}', ssl.key.password: {InPlain} }}";
        return _run.Write("job.yaml", $$"""
            job: {{topics[2]}}-job
            out_of_orderness: 1s
            max_future: 3650d
            window: { length: 60s }
            streams:
              - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{bootstrap}}", topics: [{{topics[0]}}], {{secrets}} } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { kafka: { bootstrap: "{{bootstrap}}", topics: [{{topics[1]}}], {{secrets}} } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { kafka: { bootstrap: "{{bootstrap}}", topic: {{topics[2]}}, {{secrets}} } } }
            dead_letter: { files: { dir: dead } }
            state: { dir: state, memory: 32MiB }
            """);
    }

    private static async Task<int> CallAsync(StringBuilder said, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Executable.Path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CANARY"] = InVariable;
        using Process program = Process.Start(start)!;
        Task<string> output = program.StandardOutput.ReadToEndAsync(), error = program.StandardError.ReadToEndAsync();
        await program.WaitForExitAsync().WaitAsync(Limit);
        said.AppendLine(string.Join(' ', arguments)).Append(await output).Append(await error);
        return program.ExitCode;
    }

    private static async Task AskAllAsync(ServedJob served, StringBuilder said, string token)
    {
        foreach (string path in (string[])["", "metrics", "metrics-text", "env", "health", "health/live", "health/ready", "elsewhere"])
            foreach (string accept in (string[])["*/*", "application/json", "application/openmetrics-text; version=1.0.0"])
                foreach (string? shown in (string?[])[InToken, null]) said.AppendLine(await served.GetAsync(path, shown, accept));
        foreach (string[] asks in (string[][])[["status"], ["status", "--json"], ["top"]]) await CallAsync(said, [.. asks, "--http", served.Address.Authority, "--http-token-file", token]);
    }

    private static string Read(string file)
    {
        if (!File.Exists(file)) return "";
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    private static void AssertNone(string where, string text, string[]? secrets = null)
    {
        foreach (string secret in secrets ?? [InVariable, InFile, InPlain]) Assert.DoesNotContain(secret, text, $"{where} has {secret}");
    }
}
