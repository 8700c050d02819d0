using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Tests.Crashes;

/// <summary>A scenario's job: its folder, its file, its topics, and the samples it must make.</summary>
internal sealed class CrashJob
{
    /// <summary>User of the events that only close windows.</summary>
    public const string Closing = "closing";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);
    private static readonly byte[] ClosingUser = Encoding.UTF8.GetBytes($"\"user_id\":\"{Closing}\"");

    private readonly CrashScenario _scenario;

    /// <summary>Writes the job's file into a new folder, and makes its topics.</summary>
    public CrashJob(CrashScenario scenario, string bootstrap)
    {
        (_scenario, Bootstrap) = (scenario, bootstrap);
        Folder = Directory.CreateTempSubdirectory($"pipeline-crash-{scenario.Name}-").FullName;
        Directory.CreateDirectory(LogFolder);
        Path = System.IO.Path.Combine(Folder, "job.yaml");
        File.WriteAllText(Path, Text());
        LoadedJob loaded = JobLoader.Load(Path, [], new Dictionary<string, string>());
        Options = loaded.Job ?? throw new InvalidOperationException(string.Join('\n', loaded.Errors));
        string[] topics = [.. scenario.FileInput ? [] : new[] { ExposureTopic, ClickTopic }, .. scenario.FileOutput ? [] : new[] { SampleTopic }];
        if (topics.Length == 0) return;
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).SetLogHandler(static (_, _) => { }).Build();
        admin.CreateTopicsAsync(
            topics.Select(name => new TopicSpecification { Name = name, NumPartitions = CrashScenario.Partitions, ReplicationFactor = 1 }),
            new CreateTopicsOptions { OperationTimeout = AnswerLimit }).GetAwaiter().GetResult();
    }

    /// <summary>Everything of the run.</summary>
    public string Folder { get; }

    /// <summary>The job file.</summary>
    public string Path { get; }

    /// <summary>The job.</summary>
    public JobOptions Options { get; }

    /// <summary>The broker.</summary>
    public string Bootstrap { get; }

    /// <summary>The logs, where they are files.</summary>
    public string LogFolder => System.IO.Path.Combine(Folder, "logs");

    /// <summary>The samples, where they are files.</summary>
    public string SampleFolder => System.IO.Path.Combine(Folder, "out");

    /// <summary>Dead letters.</summary>
    public string LetterFile => System.IO.Path.Combine(Folder, "dead", "dead-letters.jsonl");

    /// <summary>Topics.</summary>
    public string ExposureTopic => $"{_scenario.Name}-exposure";

    public string ClickTopic => $"{_scenario.Name}-click";

    public string SampleTopic => $"{_scenario.Name}-samples";

    /// <summary>Arguments of every start.</summary>
    public IReadOnlyList<string> Arguments => ["run", Path, "--report", "none", .. _scenario.IsBounded ? new[] { "--until-end" } : []];

    /// <summary>What an uninterrupted run makes of the log as it was written, by the reference; the events that only close windows are left out.</summary>
    public ReferenceResult Expect() => ReferenceJoin.Run(Options, SourceReader.ReadAll(Options).Where(static record => !IsClosing(record)));

    /// <summary>The samples that a new reader of committed data finds now.</summary>
    public IEnumerable<FoundSample> Find() => FoundSamples.Read(Options, _scenario.FileOutput ? SampleFolder : "kafka", header: null);

    private static bool IsClosing(SourceRecord record) => record.Value.AsSpan().IndexOf(ClosingUser) >= 0;

    private string Text()
    {
        string idle = Seconds(_scenario.Silence / 2 ?? TimeSpan.FromHours(1));
        string timeout = _scenario.TransactionTimeout is { } limit
            ? string.Create(CultureInfo.InvariantCulture, $", properties: {{ transaction.timeout.ms: \"{limit.TotalMilliseconds:F0}\" }}") : "";
        string sink = _scenario.FileOutput ? "files: { dir: out }" : $"kafka: {{ bootstrap: \"{Bootstrap}\", topic: {SampleTopic}{timeout} }}";
        // Small batches and four lanes: many places to be killed at. The topics' fetches are held back, or a log of some seconds would be read in one.
        return $$"""
            job: {{_scenario.Name}}
            out_of_orderness: {{Seconds(CrashScenario.OutOfOrderness)}}
            idle_timeout: {{idle}}
            window: { length: {{Seconds(CrashScenario.Window)}} }
            streams:
              - { name: exposure, role: exposure, source: { {{Source("exposure", ExposureTopic)}} }, format: json, key: [user_id, item_id], time: { field: ts }, event_id: event_id }
              - { name: click, role: action, source: { {{Source("click", ClickTopic)}} }, format: json, key: [user_id, item_id], time: { field: ts }, event_id: event_id }
            output: { sink: { {{sink}} } }
            {{(_scenario.Letters ? "dead_letter: { files: { dir: dead } }" : "")}}
            delivery: exactly-once
            state: { dir: state, memory: 64MiB, checkpoint_interval: {{_scenario.CheckpointInterval.TotalMilliseconds:F0}}ms }
            parallelism: { parse: 2, lanes: 4, format: 1, block_capacity: 4, batch_records: 128 }
            {{(_scenario.Skew.Length == 0 ? "" : $"skew: {{ {_scenario.Skew} }}")}}
            """;
    }

    private string Source(string stream, string topic)
    {
        if (_scenario.FileInput) return $"files: {{ paths: [\"logs/{stream}-*.jsonl\"] }}";
        string paced = _scenario.IsBounded ? ", properties: { queued.min.messages: \"1\", fetch.queue.backoff.ms: \"100\", fetch.message.max.bytes: \"65536\" }" : "";
        return $"kafka: {{ bootstrap: \"{Bootstrap}\", topics: [{topic}], start: earliest{paced} }}";
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0}ms");
}
