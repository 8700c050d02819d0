using System.Diagnostics;
using System.Text;
using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>Canaries in the place of secrets: whatever the real program prints, serves or writes, none of them is in it.</summary>
[TestClass]
[TestCategory("Kafka")]
public sealed class SecretOutputTests : IDisposable
{
    private const string InVariable = "canary-of-a-variable-51b7", InFile = "canary-of-a-file-90c2", InPlain = "canary-in-plain-7d3e";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly JobRun _run = new();

    public void Dispose() => _run.Dispose();

    [TestMethod]
    public async Task NoSecret_IsInAnyOutputOfAnyCommand()
    {
        string job = Write(KafkaServer.Shared.Bootstrap, out string[] topics);
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

    /// <summary>The client's own words for a broker that cannot be reached begin with its name, which is a secret here.</summary>
    [TestMethod]
    public async Task NoSecret_IsInWhatIsSaidOfABrokerThatIsAway()
    {
        string job = Write("127.0.0.1:1", out _);
        var said = new StringBuilder();

        Assert.AreEqual(ExitCodes.CheckFailed, await CallAsync(said, "validate", job), said.ToString());
        Assert.AreEqual(ExitCodes.CheckFailed, await CallAsync(said, "validate", job, "--log-format", "json"), said.ToString());

        StringAssert.Contains(said.ToString(), "Connection refused");
        AssertNone("standard output and error", said.ToString());
    }

    private string Write(string bootstrap, out string[] topics)
    {
        topics = bootstrap == KafkaServer.Shared.Bootstrap
            ? [KafkaServer.Shared.NewTopic("exposure"), KafkaServer.Shared.NewTopic("click"), KafkaServer.Shared.NewTopic("samples")]
            : ["exposure", "click", "samples"];
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
        var start = new ProcessStartInfo("dotnet", [typeof(JobOptions).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CANARY"] = InVariable;
        using Process program = Process.Start(start)!;
        Task<string> output = program.StandardOutput.ReadToEndAsync(), error = program.StandardError.ReadToEndAsync();
        await program.WaitForExitAsync().WaitAsync(Limit);
        said.AppendLine(string.Join(' ', arguments)).Append(await output).Append(await error);
        return program.ExitCode;
    }

    private static void AssertNone(string where, string text)
    {
        foreach (string secret in (string[])[InVariable, InFile, InPlain]) Assert.DoesNotContain(secret, text, $"{where} has {secret}");
    }
}
