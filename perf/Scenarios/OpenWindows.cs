using System.Globalization;
using System.Text.Json;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>
/// Numbers of windows that are really open at once, in turn at one memory budget: records/s once they are open and close all along, peak memory, state on disk. The executable,
/// file → file, exactly-once, checkpoints on.
/// </summary>
/// <remarks>
/// A run is stopped when its log is read, so its last windows never close. What came out is checked against the log: as many samples as windows closed, and of those
/// first exposures exactly the clicked ones positive. Disk is looked at first: lines, state, samples; a run that would not fit is refused.
/// </remarks>
internal static class OpenWindows
{
    private const double Aim = 0.6;
    // A table record, a log entry with a line of 110 B and its key, and what kept checkpoints hold back.
    private const long StateBytesPerWindow = 80 + 220;
    private const long SampleBytes = 450;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(20);

    /// <param name="windows">Open at once, each in turn.</param>
    /// <param name="runs">Runs of each.</param>
    /// <param name="steady">Exposures after that.</param>
    /// <param name="clickEvery">Exposures for each click.</param>
    /// <param name="memory">The job's <c>state.memory</c>.</param>
    /// <param name="under">Folder that takes logs, state and samples.</param>
    public static async Task<int> RunAsync(long[] windows, int runs, long steady, int clickEvery, string memory, string under)
    {
        foreach (long each in windows)
            if (!Fits(each, steady, clickEvery, under)) return 1;
        Console.WriteLine(Machine.Line);
        List<Result>[] results = [.. windows.Select(static _ => new List<Result>())];
        for (int run = 0; run < runs; run++)
            for (int each = 0; each < windows.Length; each++)
            {
                results[each].Add(await OneAsync(windows[each], steady, clickEvery, memory, under));
                Console.Error.WriteLine($"run {run + 1} of {runs}: {results[each][^1].Row(memory)}");
            }
        Console.WriteLine(
            "| windows open, least – most while measured | state.memory | records/s | CPU s per M records | ns of joins per record | samples | state in memory, most MB | on disk, most MB | peak RSS MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (Result result in results.SelectMany(static each => each)) Console.WriteLine(result.Row(memory));
        RunResult[][] taken = [.. results.Select(static each => each.Select(static result => result.Taken).ToArray())];
        RunResult first = RunResult.Median(taken[0]);
        for (int each = 0; each < windows.Length; each++)
        {
            RunResult median = RunResult.Median(taken[each]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{windows[each]:N0}: medians {median.RecordsPerSecond:N0} records/s, {median.CpuSecondsPerMillion:F2} CPU s per M"));
            if (each > 0)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  {median.RecordsPerSecond / first.RecordsPerSecond:P0} of the records/s with {windows[0]:N0}, {first.CpuSecondsPerMillion / median.CpuSecondsPerMillion:P0} by CPU; aim ≥ {Aim:P0}; {RunResult.Pairs(taken[each], taken[0])}"));
        }
        return 0;
    }

    private static bool Fits(long windows, long steady, int clickEvery, string under)
    {
        double needed = ((windows + steady) * (1 + 1.0 / clickEvery) * EvenLog.LineBytes) + ((windows + steady) * StateBytesPerWindow) + (steady * SampleBytes);
        double free = new DriveInfo(Path.GetFullPath(under)).AvailableFreeSpace * 0.95;
        if (needed <= free) return true;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{windows:N0} windows need about {needed / 1e9:F1} GB below {under}, of which {free / 1e9:F1} GB are free: not run. --folder names another place, --steady fewer exposures."));
        return false;
    }

    private static async Task<Result> OneAsync(long windows, long steady, int clickEvery, string memory, string under)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetFullPath(under), $"pipeline-perf-windows-{windows}")).FullName;
        try
        {
            var log = new EvenLog(windows, steady, clickEvery);
            log.Write(Path.Combine(folder, "logs"));
            // Else the run shares disk and memory with what is still to be written of its log.
            PageCache.WriteOut();
            string job = FileToFile.WriteJob(folder, "windows", $"window: {{ length: {EvenLog.Window} }}");
            using RunningPipeline run = await RunningPipeline.StartAsync(job, "--state-memory", memory);
            Watched watched = await WatchAsync(run, log, windows);
            JsonElement summary = await run.TerminateAsync();
            return new Result(watched, summary.GetProperty("peak_rss_bytes").GetInt64(), log.Check(summary));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Watched> WatchAsync(RunningPipeline run, EvenLog log, long windows)
    {
        var watched = new Watched();
        double said = 0;
        while (true)
        {
            Scrape look = await run.LookWhileRunningAsync("its log was read");
            if (look.Records >= log.Records) break;
            if (look.Uptime - said >= SayEvery.TotalSeconds)
            {
                said = look.Uptime;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{look.Uptime,6:F0} s  records {look.Records:N0}  open {Open(look):N0}  samples {look.Sum("pipeline_samples_total"):N0}  rss {look.Sum("process_memory_usage_bytes") / 1e6:N0} MB  state on disk {look.Sum("pipeline_state_disk_bytes") / 1e6:N0} MB"));
            }
            watched.Take(look, Open(look), isSteady: log.IsSteady(look));
            await Task.Delay(LookEvery);
        }
        if (!watched.HasSteadyState) throw new InvalidOperationException("Too few looks while all windows were open: more --steady exposures are needed.");
        return watched;
    }

    private static double Open(Scrape look) => look.Sum("pipeline_windows_open");

    /// <summary>What the looks at one run found.</summary>
    private sealed class Watched
    {
        private const string JoinBusy = "pipeline_block_busy_seconds_total";
        private Scrape? _first, _last;

        public double LeastOpen { get; private set; } = double.MaxValue;
        public double MostOpen { get; private set; }
        public double MostMemory { get; private set; }
        public double MostDisk { get; private set; }

        public bool HasSteadyState => _first is not null && _last != _first;

        public double RecordsPerSecond => Records / (_last!.Uptime - _first!.Uptime);

        public double CpuPerMillion => (_last!.Sum("process_cpu_time_seconds_total") - _first!.Sum("process_cpu_time_seconds_total")) * 1e6 / Records;

        public double JoinNanoseconds => (_last!.Sum(JoinBusy, "block=\"join\"") - _first!.Sum(JoinBusy, "block=\"join\"")) * 1e9 / Records;

        public void Take(Scrape look, double open, bool isSteady)
        {
            MostMemory = Math.Max(MostMemory, look.Sum("pipeline_state_memory_bytes"));
            MostDisk = Math.Max(MostDisk, look.Sum("pipeline_state_disk_bytes"));
            if (!isSteady) return;
            _first ??= look;
            _last = look;
            LeastOpen = Math.Min(LeastOpen, open);
            MostOpen = Math.Max(MostOpen, open);
        }

        private double Records => _last!.Records - _first!.Records;
    }

    private sealed record Result(Watched Watched, long PeakRss, long Samples)
    {
        /// <summary>Of the steady state, but for the memory.</summary>
        public RunResult Taken => new(Watched.RecordsPerSecond, Watched.CpuPerMillion, PeakRss / 1e6);

        public string Row(string memory) => string.Create(CultureInfo.InvariantCulture,
            $"| {Watched.LeastOpen:N0} – {Watched.MostOpen:N0} | {memory} | {Watched.RecordsPerSecond:N0} | {Watched.CpuPerMillion:F2} | {Watched.JoinNanoseconds:N0} | {Samples:N0} | {Watched.MostMemory / 1e6:N0} | {Watched.MostDisk / 1e6:N0} | {PeakRss / 1e6:N0} |");
    }
}
