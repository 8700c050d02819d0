using System.Diagnostics;
using System.Text.Json;

namespace Pipeline.Perf.Harness;

/// <summary>Another stream processor that does the same job, started by a script of its own that prints one line of JSON.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Script">Path of the script inside the peers' folder.</param>
/// <param name="Arguments">How it is run, beside broker and output topic.</param>
/// <param name="Target">How many times its records/s, and how small a part of its CPU, is aimed at.</param>
internal sealed record Peer(string Name, string Script, string[] Arguments, double Target)
{
    /// <summary>The modes that are compared with.</summary>
    public static readonly IReadOnlyList<Peer> All =
    [
        new("Kafka Streams, re-keyed, exactly_once_v2", "kafka-streams/run.sh", ["--mode", "eos"], 12),
        new("Flink, RocksDB, exactly-once", "flink/run.sh", ["--mode", "eos", "--backend", "rocksdb"], 8),
        new("Flink, heap, at-least-once", "flink/run.sh", ["--mode", "alo", "--backend", "heap"], 4),
    ];

    /// <summary>
    /// Runs it over the topics <c>exposure</c> and <c>click</c> once; its samples are in the output topic then. Null when it ended without a result (out of memory,
    /// say): what it said is on stderr, and the others go on.
    /// </summary>
    public async Task<PeerResult?> RunAsync(string folder, string bootstrap, string output)
    {
        string script = Path.Combine(folder, Script);
        if (!File.Exists(script)) throw new FileNotFoundException($"{Name}: expected its script in the folder of --peers", script);
        var start = new ProcessStartInfo("bash", [script, "--bootstrap", bootstrap, "--output", output, .. Arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> printed = process.StandardOutput.ReadToEndAsync();
        Task<string> messages = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        string line = (await printed).Trim().Split('\n')[^1];
        if (process.ExitCode != 0 || !line.StartsWith('{'))
        {
            await Console.Error.WriteLineAsync($"{Name} ended with {process.ExitCode}: {await messages}{line}");
            return null;
        }
        JsonElement result = JsonDocument.Parse(line).RootElement;
        double records = result.GetProperty("records").GetDouble();
        return new PeerResult(
            new RunResult(
                records / result.GetProperty("seconds").GetDouble(),
                result.GetProperty("cpu_seconds").GetDouble() * 1e6 / records,
                result.GetProperty("peak_rss_mb").GetDouble()),
            result.GetProperty("samples_out").GetInt64());
    }
}

/// <summary>What a peer's run took, and how many samples its script found in the output topic.</summary>
internal readonly record struct PeerResult(RunResult Result, long Samples);
