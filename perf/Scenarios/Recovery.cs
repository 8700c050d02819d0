using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>
/// The executable killed with many windows open and restarted: from its start to the first new committed sample, how much of it is the restore of the lanes, how much the replay, and how
/// fast the replay is against the run before it. File → file, exactly-once.
/// </summary>
/// <remarks>
/// The kill comes when nine tenths of the interval have passed since the last checkpoint was finished; the replay begins at its barrier, a few seconds earlier. What is read until the first new
/// sample is seen committed counts as replay, though its end lies behind the kill: commits come once a second. At the end the log is read whole: records and positives are compared with it, and as many
/// lines are committed as there are samples.
/// </remarks>
internal static class Recovery
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan CommitLimit = TimeSpan.FromMinutes(10);

    /// <param name="windows">Open at the kill.</param>
    /// <param name="after">Exposures after they are open.</param>
    /// <param name="memory">The job's <c>state.memory</c>.</param>
    /// <param name="interval">Seconds between checkpoints, and so the longest replay.</param>
    /// <param name="under">Folder that takes logs, state and samples.</param>
    public static async Task<int> RunAsync(long windows, long after, string memory, int interval, string under)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetFullPath(under), "pipeline-perf-recovery")).FullName;
        try
        {
            var log = new EvenLog(windows, after, clickEvery: 10);
            log.Write(Path.Combine(folder, "logs"));
            string job = FileToFile.WriteJob(folder, "recovery", $"window: {{ length: {EvenLog.Window} }}");
            string[] flags = ["--state-memory", memory, "--set", $"state.checkpoint_interval={interval}s"];
            Console.WriteLine($"{Machine.Line}; {windows:N0} windows open, state.memory {memory}, a checkpoint every {interval} s");
            (long committed, double peak) = await RunToTheKillAsync(job, folder, log, interval, flags);
            foreach (string lost in (string[])["logs", "state-recovery"]) PageCache.Drop(Path.Combine(folder, lost));
            await RestartAsync(job, folder, log, committed, peak, flags);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Bytes of samples committed, and records/s since the windows were open.</summary>
    private static async Task<(long Committed, double Peak)> RunToTheKillAsync(string job, string folder, EvenLog log, int interval, string[] flags)
    {
        using RunningPipeline run = await RunningPipeline.StartAsync(job, flags);
        Scrape? open = null;
        double checkpoints = 0;
        while (true)
        {
            Scrape look = await run.LookWhileRunningAsync("its last checkpoint was old");
            if (open is null && log.IsSteady(look)) (open, checkpoints) = (look, look.Sum("pipeline_checkpoints_total"));
            // One more checkpoint, so that what it holds is all of the windows, and nearly the time until the next.
            bool isOld = open is not null && look.Sum("pipeline_checkpoints_total") > checkpoints && look.Sum("pipeline_checkpoint_age_seconds") >= interval * 0.9;
            if (isOld)
            {
                run.Kill();
                double rate = (look.Records - open!.Records) / (look.Uptime - open.Uptime);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"killed with {look.Sum("pipeline_windows_open"):N0} windows open, {look.Sum("pipeline_checkpoint_age_seconds"):F1} s behind the last checkpoint, at {rate:N0} records/s"));
                return (Committed(folder), rate);
            }
            await Task.Delay(LookEvery);
        }
    }

    private static async Task RestartAsync(string job, string folder, EvenLog log, long before, double peak, string[] flags)
    {
        long began = Stopwatch.GetTimestamp();
        using RunningPipeline run = await RunningPipeline.RestartAsync(job, flags);
        Scrape restored = await run.LookWhileRunningAsync("its lanes were restored");
        TimeSpan untilRestored = Stopwatch.GetElapsedTime(began);
        while (Committed(folder) <= before)
        {
            if (Stopwatch.GetElapsedTime(began) > CommitLimit) throw new InvalidOperationException("Nothing was committed: " + run.Said);
            await Task.Delay(LookEvery);
        }
        TimeSpan untilCommitted = Stopwatch.GetElapsedTime(began);
        Scrape committing = await run.LookWhileRunningAsync("a sample was committed");
        double replayed = committing.Records - restored.Records, took = (untilCommitted - untilRestored).TotalSeconds;
        Console.WriteLine(run.Said.Trim());
        Console.WriteLine("| from the start until | s |");
        Console.WriteLine("|---|---|");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| lanes restored, sources opened | {untilRestored.TotalSeconds:F1} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| first new sample committed | {untilCommitted.TotalSeconds:F1} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{replayed:N0} records read between the two, {replayed / took:N0} records/s: {replayed / took / peak:P0} of the rate before the kill (aim ≥ 100 %)"));
        while ((await run.LookWhileRunningAsync("its log was read")).Records < log.Records) await Task.Delay(LookEvery);
        JsonElement summary = await run.TerminateAsync();
        long samples = log.Check(summary), lines = Lines(folder);
        if (lines != samples) throw new InvalidOperationException($"{lines:N0} lines are committed: {summary}");
    }

    private static long Committed(string folder) => Lengths(folder).Sum(static file => file.Length);

    private static List<(string Path, long Length)> Lengths(string folder)
    {
        string path = Path.Combine(folder, "out", "_committed.json");
        if (!File.Exists(path)) return [];
        using JsonDocument committed = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. committed.RootElement.GetProperty("files").EnumerateObject().Select(file => (Path.Combine(folder, "out", file.Name), file.Value.GetInt64()))];
    }

    private static long Lines(string folder)
    {
        var block = new byte[1 << 20];
        long lines = 0;
        foreach ((string path, long length) in Lengths(folder))
        {
            using SafeFileHandle file = File.OpenHandle(path);
            for (long at = 0; at < length;)
            {
                int read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, length - at)), at);
                lines += block.AsSpan(0, read).Count((byte)'\n');
                at += read;
            }
        }
        return lines;
    }
}
