using System.Globalization;
using Pipeline.Blocks.Joining;
using Pipeline.Perf.Harness;
using Pipeline.Topology;

namespace Pipeline.Perf.Scenarios;

/// <summary>Lanes with many open windows, snapshotted while events flow, lost, and restored: how long a lane stands still, and how long a restart takes.</summary>
internal static class Checkpoint
{
    public static async Task<int> RunAsync(long windows, int lanes, long memory, int snapshots, double recordsPerSecond)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        StateBudget budget = StateBudget.Of(memory, lanes);
        LoadedLane[] loaded = [.. Enumerable.Range(0, lanes).Select(lane => new LoadedLane(folder, lane, budget, windows / lanes))];
        try
        {
            long began = TimeProvider.System.GetTimestamp();
            await OnEachAsync(loaded, lane =>
            {
                while (lane.Join.Ledger.WindowsOpened < windows / lanes * 102 / 100) lane.Feed();
            });
            Console.WriteLine(Machine.Line);
            Console.WriteLine($"{loaded.Sum(lane => lane.Open):N0} windows open after {Seconds(began)} ({Seconds(Environment.CpuUsage.TotalTime)} of CPU); load {Load()}");

            using var flow = new CheckpointedFlow(loaded, snapshots, recordsPerSecond / lanes);
            began = TimeProvider.System.GetTimestamp();
            await flow.RunAsync();
            Console.WriteLine($"{snapshots} snapshots in {Seconds(began)}, {flow.Fed / TimeProvider.System.GetElapsedTime(began).TotalSeconds:N0} records/s; load {Load()}");
            flow.Print();

            foreach (LoadedLane lane in loaded) lane.Lose();
            await RestoreAsync("page cache warm", loaded, flow.Last);
            foreach (LoadedLane lane in loaded) lane.Lose();
            PageCache.Drop(folder);
            await RestoreAsync("page cache cold", loaded, flow.Last);
            foreach (LoadedLane lane in loaded) lane.CloseAll();
            Console.WriteLine("checked: every window that was open at the last snapshot gave its sample when it closed");
            return 0;
        }
        finally
        {
            foreach (LoadedLane lane in loaded) lane.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RestoreAsync(string how, LoadedLane[] lanes, string snapshot)
    {
        long began = TimeProvider.System.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        await OnEachAsync(lanes, lane => lane.Restore(snapshot));
        cpu = Environment.CpuUsage.TotalTime - cpu;
        Console.WriteLine($"restored {lanes.Sum(lane => lane.Open):N0} open windows in {Seconds(began)} ({Seconds(cpu)} of CPU), {how}; load {Load()}");
        for (int lane = 0; lane < lanes.Length; lane++)
        {
            RestoreTimes took = lanes[lane].Join.Restored;
            Console.WriteLine($"  lane {lane}: snapshot with waiting events {Seconds(took.Snapshot)}, index and table {Seconds(took.Table)}, beside it log and wheel {Seconds(took.WindowLog)}");
        }
    }

    internal static string Load() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..2]) : "unknown";

    private static Task OnEachAsync(LoadedLane[] lanes, Action<LoadedLane> work) => Task.WhenAll(lanes.Select(lane =>
        Task.Factory.StartNew(() => work(lane), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    private static string Seconds(long began) => Seconds(TimeProvider.System.GetElapsedTime(began));

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F2} s");
}
