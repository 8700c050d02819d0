using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <content>
/// A snapshot holds what cannot be told from the logs: where the lane stands, its counts, which windows were touched, the waiting events. The timing wheel is
/// set anew from the open windows' entries in the window log.
/// </content>
public sealed partial class LaneJoin
{
    private readonly CancellationTokenSource _disposing = new();
    private PendingSnapshot? _pending;

    /// <summary>How long the parts of a restore took; zero for a lane that was not restored.</summary>
    public RestoreTimes Restored { get; private set; }

    /// <summary>
    /// Decides what a snapshot of the lane as it is now holds, without waiting for a disk. <see cref="PendingSnapshot.Finish"/> writes it into a directory,
    /// which exists by then, while the lane goes on. What it needs of the lane's files is kept until <see cref="KeepFrom"/> lets it go.
    /// </summary>
    /// <remarks>
    /// Use: at a barrier, when <see cref="Advance"/> has nothing left to do and samples and letters are handed on; on the thread that runs the join. One at a
    /// time: the one before is finished. Errors: <see cref="StateStorageException"/> when the table's storage failed before; the lane stops.
    /// </remarks>
    public PendingSnapshot BeginSnapshot(string directory) => BeginSnapshot(directory, []);

    /// <summary>The same, with the events that wait in the lane's salts: a restore finds them in the lane's own buffer, as they came.</summary>
    internal PendingSnapshot BeginSnapshot(string directory, IReadOnlyList<ReorderSnapshot> salted)
    {
        if (_pending is { IsOver: false }) throw new InvariantException($"Lane {_options.Lane}: a snapshot begins before the one before it is finished.");
        _log.TruncateBefore(_cursor);
        var snapshot = new SnapshotWriter(Path.Combine(directory, LaneSnapshot.FileName), _options.StoragePolicy, _options.Io);
        Describe(snapshot, salted);
        _touched.Save(snapshot);
        return _pending = new PendingSnapshot(snapshot, _reorder.BeginSnapshot(), salted, _table.BeginSnapshot(), _log.BeginSnapshot(), _disposing.Token);
    }

    /// <summary>A snapshot in one piece, durable when this returns; for callers that have nothing else to do meanwhile.</summary>
    public LaneSnapshot Snapshot(string directory) => BeginSnapshot(directory).Finish();

    /// <summary>
    /// A lane in the very state of a snapshot. It owns table, buffer and log, which are empty, over the same files, and the table opened to be restored;
    /// they are disposed when it fails. All files are kept until <see cref="KeepFrom"/>.
    /// </summary>
    /// <remarks>
    /// What was written to the logs after the snapshot is cut off: later snapshots of the lane are lost.
    /// Threading: any thread; takes a second one for a part of the work. Lanes can be restored at once.
    /// Errors: <see cref="InvalidDataException"/> when the snapshot or a part of the logs it needs is damaged, or was of another layout.
    /// </remarks>
    public static LaneJoin Restore(string directory, LaneOptions options, IWindowTable table, ReorderBuffer reorder, WindowLog log)
    {
        var lane = new LaneJoin(options, table, reorder, log);
        try
        {
            long began = options.Clock.GetTimestamp();
            using (var snapshot = new SnapshotReader(Path.Combine(directory, LaneSnapshot.FileName)))
            {
                lane.Recall(snapshot);
                lane._touched.Load(snapshot);
                reorder.Load(snapshot);
                table.Load(snapshot);
                log.Load(snapshot);
            }
            TimeSpan snapshotTook = options.Clock.GetElapsedTime(began);
            (TimeSpan tableTook, TimeSpan logTook) = lane.RecoverLogs();
            lane.Restored = new RestoreTimes(snapshotTook, tableTook, logTook);
            return lane;
        }
        catch
        {
            lane.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Says that snapshots with a lower floor are not needed any more: their files may go. The floor is that of a finished snapshot. On the thread that runs
    /// the join.
    /// </summary>
    public void KeepFrom(LaneFloor floor)
    {
        _table.KeepFrom(floor.Table);
        _log.KeepFrom(floor.LogPage);
    }

    private void Describe(SnapshotWriter snapshot, IReadOnlyList<ReorderSnapshot> salted)
    {
        snapshot.Write(_options.Lane);
        snapshot.Write(_options.Ranks.Length);
        snapshot.Write(_length);
        snapshot.Write(_watermark);
        snapshot.Write(_applied);
        snapshot.Write(_cursor);
        snapshot.Write(_nextOrdinal);
        snapshot.Write(_firedOrdinal);
        snapshot.Write(_lastFired.End);
        snapshot.Write(_lastFired.Key);
        Ledger.Save(snapshot, salted);
    }

    private void Recall(SnapshotReader snapshot)
    {
        snapshot.Expect(_options.Lane, "lane");
        snapshot.Expect(_options.Ranks.Length, "streams");
        snapshot.Expect(_length, "window length in ms");
        _watermark = snapshot.Read<long>();
        _applied = snapshot.Read<long>();
        _cursor = snapshot.Read<long>();
        _nextOrdinal = snapshot.Read<long>();
        _firedOrdinal = snapshot.Read<long>();
        _lastFired = (snapshot.Read<long>(), snapshot.Read<KeyHash>());
        Ledger.Load(snapshot);
    }

    /// <summary>Reads the table's log and the window log, each on a thread of its own: the one waits for the disk while the other works.</summary>
    private (TimeSpan Table, TimeSpan Log) RecoverLogs()
    {
        TimeProvider clock = _options.Clock;
        long began = clock.GetTimestamp();
        Task<TimeSpan> log = Task.Factory.StartNew(
            () =>
            {
                SetWheel();
                return clock.GetElapsedTime(began);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        TimeSpan table;
        try
        {
            _table.Recover();
            table = clock.GetElapsedTime(began);
        }
        finally
        {
            // Not its error yet; only that it is over, for the lane may be disposed of now.
            Task.WhenAny(log).Wait();
        }
        return (table, log.GetAwaiter().GetResult());
    }

    /// <summary>Sets the wheel for every open window, and by the way reads, and so checks, every page of the log.</summary>
    private void SetWheel()
    {
        long windows = 0;
        for (long next = _cursor; _log.TryReadNext(ref next, out LogEntry entry, out _, out _);)
        {
            if (entry.Kind != LogEntryKind.Window) continue;
            _wheel.Add(entry.Time + _length, next - entry.TotalBytes);
            windows++;
        }
        if (windows != _nextOrdinal - _firedOrdinal)
            throw new InvariantException($"Lane {_options.Lane}: expected {_nextOrdinal - _firedOrdinal} open windows in the log, found {windows}.");
        _fireAt = _wheel.NextTime;
    }
}
