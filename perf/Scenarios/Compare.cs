using System.Globalization;
using Confluent.Kafka;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>This program and its peers by turns, on the same broker and topics: a table of ratios. Exactly once, but for Flink on its heap, which runs at least once; ours with all defaults.</summary>
/// <remarks>
/// Counted are, for every program, the time from its first record (ours: from the moment sources are first read) to the last sample committed, and the CPU time and peak memory
/// of its process from start to end, compilation included; the broker's are not. Ours is verified; the peers' scripts have an oracle of their own.
/// </remarks>
internal static class Compare
{
    private const string Samples = "compare-samples";

    // Few exposures of the log share a window.
    private const double LeastSamples = 0.99;

    public static async Task<int> RunAsync(string bootstrap, string peers, long exposures, double rate, int rounds)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-compare-").FullName;
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        try
        {
            await KafkaToKafka.DropAsync(admin, "exposure", "click", Samples);
            await PipelineProcess.RunAsync("generate", "--exposures", $"{exposures}", "--rate", $"{rate}", "--bootstrap", bootstrap);
            string job = KafkaToKafka.WriteJob(folder, "compare", bootstrap, Samples);
            List<RunResult> ours = [];
            Dictionary<Peer, List<RunResult>> theirs = Peer.All.ToDictionary(static peer => peer, static _ => new List<RunResult>());
            for (int round = 0; round < rounds; round++)
            {
                // Ours once behind each of them: it is the shorter run, and a machine has slower and faster hours.
                foreach (Peer peer in Peer.All)
                {
                    await KafkaToKafka.DropAsync(admin, Samples);
                    PageCache.WriteOut();
                    if (await peer.RunAsync(peers, bootstrap, Samples) is not var (other, samples)) Say(round, rounds, peer.Name, "ended without a result");
                    else
                    {
                        // A sample for each window, or, by pairs, one at least for each exposure: fewer is another job than ours.
                        if (samples < exposures * LeastSamples) throw new InvalidOperationException($"{peer.Name}: expected about {exposures} samples, found {samples}");
                        theirs[peer].Add(other);
                        Say(round, rounds, $"{peer.Name} ({samples:N0} samples)", other);
                    }
                    await KafkaToKafka.DropAsync(admin, Samples);
                    ours.Add(await PipelineProcess.RunToEndAsync(job));
                    Say(round, rounds, "this one", ours[^1]);
                }
            }
            Console.WriteLine(await PipelineProcess.VerifyAsync(job, "kafka"));
            Print(ours, theirs);
            return theirs.Values.All(static results => results.Count > 0) ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Say(int round, int rounds, string program, RunResult result) => Say(round, rounds, program, string.Create(CultureInfo.InvariantCulture,
        $"{result.RecordsPerSecond:N0} records/s, {result.CpuSecondsPerMillion:F2} CPU s per M, {result.PeakRssMegabytes:N0} MB"));

    private static void Say(int round, int rounds, string program, string what) => Console.Error.WriteLine($"round {round + 1} of {rounds}: {program}: {what}");

    private static void Print(List<RunResult> ours, Dictionary<Peer, List<RunResult>> theirs)
    {
        RunResult own = RunResult.Median(ours);
        Console.WriteLine($"{Machine.Line}; medians of {ours.Count} runs of this one ({ours.Min(static run => run.RecordsPerSecond):N0} – {ours.Max(static run => run.RecordsPerSecond):N0} records/s), {string.Join(", ", theirs.Values.Select(static runs => runs.Count))} of the others");
        Console.WriteLine("| program | records/s | CPU s per M records | peak RSS MB | ours, times its records/s | its CPU, times ours | aim |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        Console.WriteLine($"| this one, exactly-once | {own.RecordsPerSecond:N0} | {own.CpuSecondsPerMillion:F2} | {own.PeakRssMegabytes:N0} | | | |");
        foreach ((Peer peer, List<RunResult> results) in theirs)
        {
            if (results.Count == 0)
            {
                Console.WriteLine($"| {peer.Name} | no run ended with a result | | | | | {peer.Target:F0} |");
                continue;
            }
            RunResult other = RunResult.Median(results);
            Console.WriteLine(
                $"| {peer.Name} | {other.RecordsPerSecond:N0} | {other.CpuSecondsPerMillion:F2} | {other.PeakRssMegabytes:N0} | {own.RecordsPerSecond / other.RecordsPerSecond:F1} | {other.CpuSecondsPerMillion / own.CpuSecondsPerMillion:F1} | {peer.Target:F0} |");
        }
    }
}
