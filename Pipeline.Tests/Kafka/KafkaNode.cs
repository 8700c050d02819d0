using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;

namespace Pipeline.Tests.Kafka;

/// <summary>The process of one real Kafka node on loopback, with its data in a temporary folder.</summary>
/// <remarks>Threading: one caller at a time. Errors: a node that does not start throws with what it printed.</remarks>
internal abstract class KafkaNode
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    /// <summary>The folder with data and logs.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("kafka-").FullName;

    /// <summary>Starts the node, or starts it again with its data and port; returns host:port.</summary>
    public abstract string Start();

    /// <summary>Ends the node: like a crash, or in order.</summary>
    public abstract void Stop(bool kill);

    /// <summary>Its processes, while it runs: for a test that stalls them.</summary>
    public abstract IReadOnlyList<int> Pids { get; }

    /// <summary>Stops the node and removes its data.</summary>
    public void Remove()
    {
        Stop(kill: true);
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The means that this machine has for starting a node; null when there is none.</summary>
    /// <param name="settings">Server properties over the defaults.</param>
    public static KafkaNode? Find(IReadOnlyDictionary<string, string> settings)
    {
        string? home = Environment.GetEnvironmentVariable("KAFKA_HOME");
        if (!string.IsNullOrEmpty(home)) return new StockNode(home, settings);
        string? scripts = SharedScripts();
        return scripts is null ? null : new ScriptedNode(scripts, settings);
    }

    /// <summary><c>../shared/servers/kafka</c> beside the repository's root.</summary>
    private static string? SharedScripts()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Pipeline.sln"))) folder = folder.Parent;
        for (DirectoryInfo? beside = folder?.Parent; beside is not null; beside = beside.Parent)
        {
            string scripts = Path.Combine(beside.FullName, "shared", "servers", "kafka");
            if (File.Exists(Path.Combine(scripts, "start.sh"))) return scripts;
        }
        return null;
    }

    /// <summary>Runs a command to its end; returns what it printed, throws when it failed.</summary>
    protected static string Run(string command, params string[] arguments)
    {
        var info = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(info)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(StartLimit)) throw new TimeoutException($"{command} did not end within {StartLimit}");
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} exited {process.ExitCode}: {errors.Result}{output}");
    }

    /// <summary>A node run by the scripts beside the repository.</summary>
    private sealed class ScriptedNode(string scripts, IReadOnlyDictionary<string, string> settings) : KafkaNode
    {
        private const int Attempts = 5;

        public override string Start()
        {
            List<string> arguments = [Path.Combine(scripts, "start.sh"), "--dir", Folder, "--port", "0", "--timeout", "110"];
            foreach ((string name, string value) in settings) arguments.AddRange(["--set", $"{name}={value}"]);
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    return Run("bash", [.. arguments]).Trim().Split('=')[1];
                }
                // One random cluster id in 64 begins with a dash, which Kafka takes for a flag, and the folder would keep it.
                catch (InvalidOperationException failed) when (attempt < Attempts && failed.Message.Contains("formatting failed", StringComparison.Ordinal))
                {
                    Directory.Delete(Folder, recursive: true);
                    Directory.CreateDirectory(Folder);
                }
            }
        }

        public override IReadOnlyList<int> Pids =>
            [.. Directory.EnumerateFiles(Folder, "broker-*.pid").Select(static file => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture))];

        public override void Stop(bool kill) => Run("bash", [Path.Combine(scripts, "stop.sh"), Folder, .. kill ? ["--kill"] : Array.Empty<string>()]);
    }

    /// <summary>A node run from a stock distribution: one KRaft process, formatted on its first start.</summary>
    private sealed class StockNode(string home, IReadOnlyDictionary<string, string> settings) : KafkaNode
    {
        private readonly int _port = FreePort(), _controllerPort = FreePort();
        private Process? _process;

        public override string Start()
        {
            string configuration = Path.Combine(Folder, "server.properties");
            if (!File.Exists(configuration))
            {
                File.WriteAllLines(configuration, Properties());
                Run(Path.Combine(home, "bin", "kafka-storage.sh"), "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", configuration);
            }
            var info = new ProcessStartInfo(Path.Combine(home, "bin", "kafka-server-start.sh"), [configuration]) { RedirectStandardOutput = true };
            info.Environment["LOG_DIR"] = Path.Combine(Folder, "logs");
            info.Environment["KAFKA_HEAP_OPTS"] = "-Xmx512m -Xms512m";
            _process = Process.Start(info)!;
            _process.OutputDataReceived += static (_, _) => { };
            _process.BeginOutputReadLine();

            string bootstrap = $"127.0.0.1:{_port}";
            using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).SetLogHandler(static (_, _) => { }).Build();
            admin.GetMetadata(StartLimit);
            return bootstrap;
        }

        public override IReadOnlyList<int> Pids => _process is { } running ? [running.Id] : [];

        public override void Stop(bool kill)
        {
            if (_process is null) return;
            if (kill) _process.Kill(entireProcessTree: true);
            else Run("kill", "-TERM", $"{_process.Id}");
            _process.WaitForExit();
            _process.Dispose();
            _process = null;
        }

        private IEnumerable<string> Properties() =>
        [
            "process.roles=broker,controller", "node.id=1", $"controller.quorum.voters=1@127.0.0.1:{_controllerPort}",
            $"listeners=PLAINTEXT://127.0.0.1:{_port},CONTROLLER://127.0.0.1:{_controllerPort}",
            "controller.listener.names=CONTROLLER", "inter.broker.listener.name=PLAINTEXT", $"log.dirs={Path.Combine(Folder, "data")}",
            "num.partitions=4", "offsets.topic.num.partitions=4", "offsets.topic.replication.factor=1",
            "transaction.state.log.num.partitions=4", "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1", "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0", "broker.heartbeat.interval.ms=500", "broker.session.timeout.ms=3000",
            .. settings.Select(static setting => $"{setting.Key}={setting.Value}"),
        ];

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
