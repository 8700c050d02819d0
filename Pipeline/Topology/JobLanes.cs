using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;

namespace Pipeline.Topology;

/// <summary>The lanes of a job over its state directory: empty ones, or those of a checkpoint.</summary>
/// <remarks>Ownership: owns the lanes. Threading: one thread.</remarks>
internal sealed class JobLanes(JobOptions job, StateDirectory state, ReadGate gate, TimeProvider clock, ILogger log, Outages outages) : IDisposable
{
    // What a repeated write may take until it has failed again: nobody says when one has succeeded.
    private static readonly TimeSpan RepeatGrace = TimeSpan.FromSeconds(1);

    private const string SpilledBySalt = "salt-";

    private readonly List<LaneJoin> _lanes = [];
    private readonly List<Salt> _salts = [];

    /// <summary>The lanes, once begun or restored.</summary>
    public IReadOnlyList<LaneJoin> All => _lanes;

    /// <summary>Makes empty lanes.</summary>
    public void Begin(int lanes)
    {
        for (int lane = 0; lane < lanes; lane++) _lanes.Add(new LaneJoin(Options(lane), Table(lane, lanes, restore: false), Reorder(lane, lanes), Log(lane, lanes)));
    }

    /// <summary>Restores the lanes of a checkpoint.</summary>
    /// <param name="directory">The checkpoint's.</param>
    /// <param name="lanes">How many it has.</param>
    /// <exception cref="InvalidDataException">A part of it is damaged; nothing is left open.</exception>
    public void Restore(string directory, int lanes)
    {
        long began = clock.GetTimestamp();
        // Each reads its own files and puts its own windows into its table: side by side, on threads that may wait for a disk.
        Task<LaneJoin>[] restoring =
        [
            .. Enumerable.Range(0, lanes).Select(lane =>
                Task.Factory.StartNew(() => Restore(directory, lane, lanes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
        ];
        ((Task)Task.WhenAll(restoring)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        foreach (Task<LaneJoin> lane in restoring)
            if (lane.IsCompletedSuccessfully) _lanes.Add(lane.Result);
        if (_lanes.Count == lanes)
        {
            Say(clock.GetElapsedTime(began));
            return;
        }
        Dispose();
        foreach (Task<LaneJoin> lane in restoring) lane.GetAwaiter().GetResult();
    }

    private void Say(TimeSpan took) => log.LanesRestored(
        _lanes.Sum(static lane => lane.Ledger.WindowsOpened - lane.Ledger.WindowsClosed),
        took.TotalSeconds,
        _lanes.Max(static lane => lane.Restored.Snapshot.TotalSeconds),
        _lanes.Max(static lane => lane.Restored.Table.TotalSeconds),
        _lanes.Max(static lane => lane.Restored.WindowLog.TotalSeconds));

    private LaneJoin Restore(string directory, int lane, int lanes)
    {
        LaneJoin restored = LaneJoin.Restore(
            CheckpointBarrier.LaneDirectory(directory, lane), Options(lane), Table(lane, lanes, restore: true), Reorder(lane, lanes), Log(lane, lanes));
        CrashPoint.Reach(CrashPoint.InsideRestore);
        return restored;
    }

    /// <summary>The lanes' salts, lane after lane; none where nothing is salted. Made once there are lanes, and empty: a restored lane holds what waited in them.</summary>
    public IReadOnlyList<Salt> MakeSalts()
    {
        int salts = job.Skew.SaltsInUse;
        foreach (LaneJoin lane in _lanes) DeleteSpilled(state.LanePath(lane.Lane));
        if (salts == 0) return _salts;
        foreach (LaneJoin lane in _lanes)
        {
            long budget = StateBudget.Of(job.State.Memory, _lanes.Count).Reorder;
            var share = new ReorderShare(budget, salts + 1);
            lane.Share = share;
            for (int salt = 0; salt < salts; salt++)
            {
                var options = new SaltOptions { Lane = lane.Lane, Salt = salt, Ranks = LaneRanks.Of(job.Streams), KeepLetters = job.DeadLetter is not null };
                var reorder = new ReorderBuffer(job.Streams.Count, budget, Path.Combine(state.LanePath(lane.Lane), $"{SpilledBySalt}{salt}"), gate, Repeat(lane.Lane));
                _salts.Add(new Salt(options, reorder) { Share = share });
            }
        }
        return _salts;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LaneJoin lane in _lanes) lane.Dispose();
        // Behind the lanes, whose snapshots may still read what waits in them.
        foreach (Salt salt in _salts) salt.Dispose();
        _lanes.Clear();
        _salts.Clear();
    }

    /// <summary>What an earlier process's salts, which may have been more, had on disk: it is in the lanes' snapshots.</summary>
    private static void DeleteSpilled(string lane)
    {
        foreach (string file in Directory.GetFiles(lane, SpilledBySalt + "*")) File.Delete(file);
    }

    private LaneOptions Options(int lane) => new()
    {
        Lane = lane,
        Window = job.Window,
        Ranks = LaneRanks.Of(job.Streams),
        KeepLetters = job.DeadLetter is not null,
        MostKept = job.Skew.MaxEventsPerWindow,
        StoragePolicy = Repeat(lane),
        Clock = clock,
    };

    private IWindowTable Table(int lane, int lanes, bool restore) => WindowTables.Open(new FasterTableOptions
    {
        Directory = state.TablePath(lane),
        MemoryBytes = StateBudget.Of(job.State.Memory, lanes).Table,
        ActionStreams = job.Streams.Count - 1,
        Window = job.Window.Length,
        Anchor = job.Window.Anchor,
        KeepActions = job.DeadLetter is not null,
        StoragePolicy = Repeat(lane),
        Restore = restore,
    });

    private ReorderBuffer Reorder(int lane, int lanes) =>
        new(job.Streams.Count, StateBudget.Of(job.State.Memory, lanes).Reorder, Path.Combine(state.LanePath(lane), "reorder"), gate, Repeat(lane));

    private WindowLog Log(int lane, int lanes) =>
        new(state.WindowLogPath(lane), StateBudget.Of(job.State.Memory, lanes).WindowLog, policy: Repeat(lane));

    private RepeatWrites Repeat(int lane) => new(
        clock,
        job.UnavailableLimit,
        fault => log.LaneWaits(lane, fault.Message),
        (fault, delay) => outages.Begin(OutageKind.StateDisk, $"lane {lane}", fault.Message, delay + RepeatGrace));
}
