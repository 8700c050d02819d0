using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>The synthetic log from files to files. All windows are open at once, then all close.</summary>
internal static class FileToFile
{
    // Exposures a second of event time: 20 minutes of them are two million.
    private const int SteadyRate = 1_667;

    public static async Task<int> RunAsync(long exposures, int runs, string[] flags)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        try
        {
            await PipelineProcess.RunAsync("generate", "--exposures", $"{exposures}", "--out", Path.Combine(folder, "logs"));
            string job = WriteJob(folder, "file");
            var samples = new SameSamples(Path.Combine(folder, "out"));
            var results = new List<RunResult>();
            for (int run = 0; run <= runs; run++)
            {
                RunResult result = await PipelineProcess.RunToEndAsync(job, flags);
                samples.Take($"run {run}");
                if (run > 0) results.Add(result);
            }
            Console.WriteLine(await PipelineProcess.VerifyAsync(job, Path.Combine(folder, "out")));
            RunResult.Print("file → file", results);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes a log of which windows open and close all along, as on a live stream: two million are open at once once it has gone on for a window's length.</summary>
    public static Task GenerateSteadyAsync(string folder, long exposures) =>
        PipelineProcess.RunAsync("generate", "--exposures", $"{exposures}", "--rate", $"{SteadyRate}", "--out", Path.Combine(folder, "logs"));

    /// <summary>Writes the job from the files of <c>generate</c> in <c>logs</c> to files in <c>out</c>.</summary>
    public static string WriteJob(string folder, string name, string more = "") =>
        Jobs.Write(folder, name, "files: { paths: [\"logs/exposure-*.jsonl\"] }", "files: { paths: [\"logs/click-*.jsonl\"] }", "files: { dir: out }", more);
}
