using System.Globalization;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>File → file under skew, each log with salts off and auto in turn: what skew costs against uniform keys, and what salting buys.</summary>
internal static class Skew
{
    private static readonly (string Name, string[] Flags)[] Logs =
    [
        ("uniform", []),
        ("one key 50 %", ["--hot-share", "0.5"]),
        ("Zipf 1.2", ["--zipf", "1.2"]),
        ("Zipf 2.0", ["--zipf", "2.0"]),
    ];

    private static readonly string[] Modes = ["off", "auto"];

    public static async Task<int> RunAsync(long exposures, double rate, int runs, string[] settings)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-skew-").FullName;
        string[] more = [.. settings.SelectMany(static setting => new[] { "--set", setting })];
        double uniform = 0;
        try
        {
            Console.WriteLine($"{Machine.Line}; {exposures:N0} exposures at {rate:N0} a second of event time, 100,000 users; medians of {runs}{string.Concat(settings.Select(static setting => ", " + setting))}");
            Console.WriteLine("| log | salts | records/s | of uniform, off | CPU s per M records | peak RSS MB | samples |");
            Console.WriteLine("|---|---|---|---|---|---|---|");
            foreach ((string name, string[] flags) in Logs)
            {
                string logs = Path.Combine(folder, "logs");
                await PipelineProcess.RunAsync(["generate", "--exposures", Text(exposures), "--rate", Text(rate), "--users", "100000", "--items", "1", "--out", logs, .. flags]);
                string job = Jobs.Write(folder, "skew", "files: { paths: [\"logs/exposure-*.jsonl\"] }", "files: { paths: [\"logs/click-*.jsonl\"] }", "files: { dir: out }");
                Dictionary<string, List<RunResult>> results = Modes.ToDictionary(static mode => mode, static _ => new List<RunResult>());
                var samples = new SameSamples(Path.Combine(folder, "out"));
                Dictionary<string, string> verified = [];
                for (int run = 0; run < runs; run++)
                {
                    foreach (string mode in Modes)
                    {
                        results[mode].Add(await PipelineProcess.RunToEndAsync(job, ["--skew-mode", mode, .. more]));
                        samples.Take($"{name}, run {run}, {mode}");
                        // A log of 8 M takes a minute to verify: once, for all runs wrote the same.
                        if (run == 0 && mode != "off") verified[mode] = await PipelineProcess.VerifyAsync(job, Path.Combine(folder, "out"));
                    }
                }
                foreach (string mode in Modes)
                {
                    RunResult median = RunResult.Median(results[mode]);
                    if (uniform == 0) uniform = median.RecordsPerSecond;
                    Console.WriteLine(
                        $"| {name} | {mode} | {median.RecordsPerSecond:N0} | {median.RecordsPerSecond / uniform:P0} | {median.CpuSecondsPerMillion:F2} | {median.PeakRssMegabytes:N0} | {verified.GetValueOrDefault(mode, "")} |");
                }
                Directory.Delete(logs, recursive: true);
            }
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
