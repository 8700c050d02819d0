using System.Globalization;
using Pipeline.Blocks.Joining;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>Feeds lanes, each on its thread, at a steady pace, and takes snapshots of all of them at once, a while after the ones before are finished.</summary>
internal sealed class CheckpointedFlow(LoadedLane[] lanes, int snapshots, double recordsPerSecond) : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);

    private readonly LaneTimes[] _times = [.. lanes.Select(_ => new LaneTimes())];
    private readonly CancellationTokenSource _done = new();
    private readonly ManualResetEventSlim _never = new();
    private int _asked;
    private int _finished;
    private long _fed;

    /// <summary>Name of the last snapshot.</summary>
    public string Last => LoadedLane.Snapshots[(snapshots - 1) % 2];

    public long Fed => _fed;

    public async Task RunAsync()
    {
        Task[] running = [.. lanes.Select((lane, number) => Task.Factory.StartNew(
            () => Run(lane, _times[number]), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        for (int taken = 0; taken < snapshots && !running.Any(lane => lane.IsFaulted); taken++)
        {
            await Task.Delay(Between);
            Interlocked.Increment(ref _asked);
            while (Volatile.Read(ref _finished) < (taken + 1) * lanes.Length && !running.Any(lane => lane.IsFaulted)) await Task.Delay(20);
        }
        await _done.CancelAsync();
        await Task.WhenAll(running);
    }

    public void Print()
    {
        Console.WriteLine($"{"",-8}{"pause ms: median",18}{"p99",8}{"max",8}{"its CPU: median",18}{"p99",8}{"max",8}{"finish s: median",20}{"max",8}{"batch ms while finishing: p99",32}{"max",8}{"else: p99",12}{"max",8}{"snapshot MB",14}");
        for (int lane = 0; lane < lanes.Length; lane++) Print($"lane {lane}", [_times[lane]]);
        Print("all", _times);
        foreach ((LaneTimes each, int lane) in _times.Select((each, lane) => (each, lane)))
        {
            // The first snapshot compiles its code, writes all that is in memory and takes the checksums of all pages.
            string first = string.Create(CultureInfo.InvariantCulture, $"pause {each.Pauses[0]:F2} ms, CPU {each.PausesCpu[0]:F2} ms, finish {each.Finishes[0] / 1e3:F2} s");
            string others = string.Create(
                CultureInfo.InvariantCulture, $"CPU {each.PausesCpu.Skip(1).DefaultIfEmpty().Max():F2} ms, finish {each.Finishes.Skip(1).DefaultIfEmpty().Max() / 1e3:F2} s");
            Console.WriteLine($"lane {lane}: the first: {first}; longest of the others: {others}");
        }
    }

    public void Dispose()
    {
        _done.Dispose();
        _never.Dispose();
    }

    private static void Print(string name, LaneTimes[] times)
    {
        double[] pauses = Sorted(times, each => each.Pauses);
        double[] cpu = Sorted(times, each => each.PausesCpu);
        double[] finishes = Sorted(times, each => each.Finishes);
        double[] during = Sorted(times, each => each.BatchesWhileFinishing);
        double[] otherwise = Sorted(times, each => each.Batches);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-8}{At(pauses, 0.5),18:F2}{At(pauses, 0.99),8:F2}{pauses[^1],8:F2}{At(cpu, 0.5),18:F2}{At(cpu, 0.99),8:F2}{cpu[^1],8:F2}{At(finishes, 0.5) / 1e3,20:F2}{finishes[^1] / 1e3,8:F2}{At(during, 0.99),32:F1}{At(during, 1),8:F1}{At(otherwise, 0.99),12:F1}{At(otherwise, 1),8:F1}{times.Max(each => each.Bytes) / 1e6,14:F1}"));
    }

    private static double[] Sorted(LaneTimes[] times, Func<LaneTimes, List<double>> which) => [.. times.SelectMany(which).Order()];

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? 0 : sorted[Math.Min((int)Math.Ceiling(share * sorted.Length), sorted.Length) - 1];

    private void Run(LoadedLane lane, LaneTimes times)
    {
        long began = TimeProvider.System.GetTimestamp();
        long fed = 0;
        int taken = 0;
        Task<(LaneSnapshot Snapshot, double Took)>? finishing = null;
        while (!_done.IsCancellationRequested)
        {
            long batch = TimeProvider.System.GetTimestamp();
            lane.Feed();
            (finishing is null ? times.Batches : times.BatchesWhileFinishing).Add(TimeProvider.System.GetElapsedTime(batch).TotalMilliseconds);
            fed += LoadedLane.BatchEvents;
            if (finishing is { IsCompleted: true })
            {
                times.Finishes.Add(finishing.Result.Took);
                times.Bytes = finishing.Result.Snapshot.Bytes;
                lane.Join.KeepFrom(finishing.Result.Snapshot.Floor);
                finishing = null;
                Interlocked.Increment(ref _finished);
            }
            if (finishing is null && taken < Volatile.Read(ref _asked))
            {
                long asked = TimeProvider.System.GetTimestamp();
                double cpu = ThreadCpu.Milliseconds;
                PendingSnapshot pending = lane.BeginSnapshot(LoadedLane.Snapshots[taken++ % 2]);
                times.Pauses.Add(TimeProvider.System.GetElapsedTime(asked).TotalMilliseconds);
                times.PausesCpu.Add(ThreadCpu.Milliseconds - cpu);
                finishing = Task.Factory.StartNew(() => Finish(pending), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            TimeSpan ahead = TimeSpan.FromSeconds(fed / recordsPerSecond) - TimeProvider.System.GetElapsedTime(began);
            if (ahead > TimeSpan.FromMilliseconds(1)) _never.Wait(ahead);
        }
        Interlocked.Add(ref _fed, fed);
    }

    private static (LaneSnapshot Snapshot, double Took) Finish(PendingSnapshot pending)
    {
        long began = TimeProvider.System.GetTimestamp();
        LaneSnapshot snapshot = pending.Finish();
        return (snapshot, TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <summary>Times of one lane, ms.</summary>
    private sealed class LaneTimes
    {
        public List<double> Pauses { get; } = [];

        /// <summary>The part of the pauses in which the thread had a processor.</summary>
        public List<double> PausesCpu { get; } = [];

        public List<double> Finishes { get; } = [];

        public List<double> Batches { get; } = [];

        public List<double> BatchesWhileFinishing { get; } = [];

        public long Bytes { get; set; }
    }
}
