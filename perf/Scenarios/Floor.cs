using System.Globalization;
using System.Text.Json;
using Pipeline.Configuration;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>The program from files to files on one core, one lane and one parser, beside a loop that does only the unavoidable (<see cref="FloorLoop"/>) on the same core, in turn.</summary>
/// <remarks>Both are processes of their own, compilation inside. Delivery and checkpoints are the defaults: exactly-once, every 30 s. The program's samples are verified.</remarks>
internal static class Floor
{
    private const double Aim = 0.6;

    public static async Task<int> RunAsync(long exposures, int runs, int core)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        try
        {
            await FileToFile.GenerateSteadyAsync(folder, exposures);
            string job = FileToFile.WriteJob(folder, "floor");
            string on = core.ToString(CultureInfo.InvariantCulture);
            var samples = new SameSamples(Path.Combine(folder, "out"));
            List<RunResult> floors = [], ours = [];
            for (int run = 0; run <= runs; run++)
            {
                PageCache.WriteOut();
                RunResult floor = RunResult.Of(JsonDocument.Parse(await PipelineProcess.RunOnAsync(on, typeof(Floor).Assembly.Location, "floor-loop", job)).RootElement);
                RunResult own = await PipelineProcess.RunToEndOnAsync(on, job, "--lanes", "1", "--parse-parallelism", "1");
                samples.Take($"run {run}");
                if (run == 0) continue;
                floors.Add(floor);
                ours.Add(own);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"run {run} of {runs}: floor {floor.RecordsPerSecond:N0} records/s, program {own.RecordsPerSecond:N0}"));
            }
            Print(exposures, core, floors, ours);
            Console.WriteLine(await PipelineProcess.VerifyAsync(job, Path.Combine(folder, "out")));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The loop itself, in this process, over a job's files; one line of JSON.</summary>
    public static int RunLoop(string path)
    {
        JobOptions job = JobLoader.Load(path, [], new Dictionary<string, string>()).Job ?? throw new ArgumentException($"{path} is no job", nameof(path));
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!, logs = Path.Combine(folder, "logs");
        using var loop = new FloorLoop(job, folder);
        Console.WriteLine(loop.Run(Directory.GetFiles(logs, "exposure-*.jsonl").Order(), Directory.GetFiles(logs, "click-*.jsonl").Order()));
        return 0;
    }

    private static void Print(long exposures, int core, List<RunResult> floors, List<RunResult> ours)
    {
        RunResult floor = RunResult.Median(floors), own = RunResult.Median(ours);
        Console.WriteLine(Machine.Line);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{exposures:N0} exposures, core {core} alone, medians of {ours.Count}"));
        Console.WriteLine("| on one core | records/s | least – most | CPU s per M records | peak RSS MB |");
        Console.WriteLine("|---|---|---|---|---|");
        Console.WriteLine($"| the unavoidable: read, extract, hash, one upsert, one read, copy out | {RunResult.Cells(floors)} |");
        Console.WriteLine($"| the program, one lane and one parser | {RunResult.Cells(ours)} |");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"ratio {own.RecordsPerSecond / floor.RecordsPerSecond:P0} of records/s, {floor.CpuSecondsPerMillion / own.CpuSecondsPerMillion:P0} by CPU; aim ≥ {Aim:P0}; {RunResult.Pairs(ours, floors)}"));
    }
}
