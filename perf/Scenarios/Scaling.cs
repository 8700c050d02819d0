using System.Globalization;
using Pipeline.Configuration;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>File → file on one core with one lane and one parser, on two cores with two of each, and with the defaults, in turn; and what the single-threaded stages cost.</summary>
internal static class Scaling
{
    private const double Aim = 1.7;
    private const double CeilingAim = 8e6;
    private static readonly string[] Blocks = ["source", "parse", "partition", "join", "format", "sink"];

    private static readonly Way[] Ways =
    [
        new("one core, one lane, one parser", 1, ["--lanes", "1", "--parse-parallelism", "1"]),
        new("two cores, two lanes, two parsers", 2, ["--lanes", "2", "--parse-parallelism", "2"]),
        new("two cores, defaults", 2, []),
    ];

    public static async Task<int> RunAsync(long exposures, int runs)
    {
        if (Environment.ProcessorCount < 2) throw new InvalidOperationException("Two cores are needed.");
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        try
        {
            await FileToFile.GenerateSteadyAsync(folder, exposures);
            string job = FileToFile.WriteJob(folder, "scaling");
            var samples = new SameSamples(Path.Combine(folder, "out"));
            List<RunResult>[] results = [.. Ways.Select(static _ => new List<RunResult>())];
            for (int run = 0; run <= runs; run++)
                for (int way = 0; way < Ways.Length; way++)
                {
                    RunResult result = await PipelineProcess.RunToEndOnAsync(Ways[way].CoreList, job, Ways[way].Flags);
                    samples.Take($"run {run}, {Ways[way].Name}");
                    if (run > 0) results[way].Add(result);
                }
            Print(exposures, runs, results);
            Console.WriteLine(await PipelineProcess.VerifyAsync(job, Path.Combine(folder, "out")));
            await PrintBusyAsync(job);
            PrintCeiling(job, Path.Combine(folder, "logs"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(long exposures, int runs, List<RunResult>[] results)
    {
        double one = RunResult.Median(results[0]).RecordsPerSecond;
        Console.WriteLine(Machine.Line);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{exposures:N0} exposures, file → file, medians of {runs}; aim ≥ {Aim} × one core"));
        Console.WriteLine("| | records/s | least – most | CPU s per M records | peak RSS MB | × one core |");
        Console.WriteLine("|---|---|---|---|---|---|");
        for (int way = 0; way < Ways.Length; way++)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {Ways[way].Name} | {RunResult.Cells(results[way])} | {RunResult.Median(results[way]).RecordsPerSecond / one:F2} |"));
        for (int way = 1; way < Ways.Length; way++) Console.WriteLine($"{Ways[way].Name}, times one core: {RunResult.Pairs(results[way], results[0])}");
    }

    /// <summary>What the run itself says its blocks were busy, in one more run with the defaults. Time in which a busy worker waited for a core is in it.</summary>
    private static async Task PrintBusyAsync(string job)
    {
        using RunningPipeline run = await RunningPipeline.StartAsync(job, "--until-end");
        Scrape? last = null;
        while (await run.LookAsync() is { } look)
        {
            if (look.Records > 0) last = look;
            await Task.Delay(200);
        }
        await run.EndAsync();
        if (last is null) throw new InvalidOperationException("The run was over before it was looked at: a longer log is needed.");
        Console.Write("busy ns per record of a run with the defaults, waits for a core included: ");
        Console.WriteLine(string.Join(", ", Blocks.Select(block => string.Create(CultureInfo.InvariantCulture,
            $"{block} {last.Sum("pipeline_block_busy_seconds_total", $"block=\"{block}\"") * 1e9 / last.Records:N0}"))));
    }

    private static void PrintCeiling(string path, string logs)
    {
        JobOptions job = JobLoader.Load(path, [], new Dictionary<string, string>()).Job!;
        (double intake, double partition) = SerialStages.Measure(job, [.. Directory.GetFiles(logs, "exposure-*.jsonl").Order()]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"single-threaded stages, each alone, CPU ns per record: intake (a file's lines) {intake:F0}, partition {partition:F0}; one thread for both: {1e9 / (intake + partition):N0} records/s, aim ≥ {CeilingAim:N0}"));
    }

    private sealed record Way(string Name, int Cores, string[] Flags)
    {
        /// <summary>The last cores of the machine: the first has most interrupts.</summary>
        public string CoreList => $"{Environment.ProcessorCount - Cores}-{Environment.ProcessorCount - 1}";
    }
}
