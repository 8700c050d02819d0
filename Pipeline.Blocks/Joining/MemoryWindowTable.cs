using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>The window table as a dictionary: the simplest code that is right, by which tests and measurements judge the other.</summary>
/// <remarks>Threading: one thread at a time. Memory: unbounded; dead windows go at <see cref="Advance"/>.</remarks>
/// <param name="actionStreams">Action streams of the job.</param>
/// <param name="windowMs">W, ms.</param>
/// <param name="anchor">What opens a window.</param>
/// <param name="keepActions">Whether a window without an exposure remembers its actions' log entries.</param>
internal sealed class MemoryWindowTable(int actionStreams, long windowMs, WindowAnchor anchor, bool keepActions) : IWindowTable
{
    private readonly Dictionary<KeyHash, Window> _windows = [];
    private readonly Queue<(KeyHash Key, long Start)> _opened = new();

    /// <inheritdoc/>
    public long MemoryBytes => _windows.Count * (136L + (8 * actionStreams));

    /// <inheritdoc/>
    public long DiskBytes => 0;

    /// <inheritdoc/>
    public void Enter()
    {
    }

    /// <inheritdoc/>
    public void Leave()
    {
    }

    /// <inheritdoc/>
    public void Hint(ReadOnlySpan<KeyHash> keys)
    {
    }

    /// <inheritdoc/>
    public void HintBehind(ReadOnlySpan<KeyHash> keys)
    {
    }

    /// <inheritdoc/>
    public WindowUpdate Apply(in WindowEvent applied)
    {
        bool exposure = applied.Action < 0;
        bool open = _windows.TryGetValue(applied.Key, out Window? window) && applied.Time < window.State.Start + windowMs;

        if (!open && !exposure && anchor == WindowAnchor.Exposure)
            return new WindowUpdate { Outcome = WindowOutcome.Orphaned, PreviousAction = WindowState.None };

        WindowOutcome outcome;
        if (!open)
        {
            outcome = WindowOutcome.Opened;
            window = new Window(actionStreams)
            {
                State = new WindowState
                {
                    Start = applied.Time,
                    Ordinal = applied.Ordinal,
                    Payload = WindowState.None,
                    LastAction = WindowState.None,
                },
            };
            _windows[applied.Key] = window;
            _opened.Enqueue((applied.Key, applied.Time));
        }
        else if (!exposure) outcome = WindowOutcome.Counted;
        else if (window!.State.Exposures == 0) outcome = WindowOutcome.Anchored;
        else outcome = WindowOutcome.Merged;

        ref WindowState state = ref window!.State;
        long previous = WindowState.None;
        uint kept = 0;
        if (exposure)
        {
            bool first = state.Exposures == 0;
            state.Exposures += 1 + (uint)applied.Also;
            if (first)
            {
                state.Payload = applied.Address;
                state.LastAction = WindowState.None;
            }
        }
        else
        {
            ref ActionCell cell = ref window.Cells[applied.Action];
            if (cell.Count == 0) cell.FirstDelay = (uint)(applied.Time - state.Start);
            cell.Count += 1 + (uint)applied.Also;
            if (keepActions && state.Exposures == 0)
            {
                previous = state.LastAction;
                state.LastAction = applied.Address;
                kept = ++state.Kept;
            }
        }

        return new WindowUpdate
        {
            Outcome = outcome,
            Kept = kept,
            Ordinal = state.Ordinal,
            Start = state.Start,
            Exposures = state.Exposures,
            PreviousAction = previous,
        };
    }

    /// <inheritdoc/>
    public bool TryRead(KeyHash key, out WindowState state, Span<ActionCell> cells)
    {
        state = default;
        if (!_windows.TryGetValue(key, out Window? window)) return false;
        state = window.State;
        window.Cells.CopyTo(cells);
        return true;
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<KeyHash> keys, long time)
    {
    }

    /// <inheritdoc/>
    public void Advance(long appliedTime)
    {
        while (_opened.TryPeek(out (KeyHash Key, long Start) oldest) && oldest.Start + windowMs <= appliedTime)
        {
            _opened.Dequeue();
            if (_windows.TryGetValue(oldest.Key, out Window? window) && window.State.Start == oldest.Start) _windows.Remove(oldest.Key);
        }
    }

    /// <inheritdoc/>
    public ITableSnapshot BeginSnapshot() => new TableSnapshot(
        [.. _windows.OrderBy(item => item.Value.State.Ordinal).Select(item => (item.Key, item.Value.State, (ActionCell[])item.Value.Cells.Clone()))]);

    /// <inheritdoc/>
    public void Load(SnapshotReader snapshot)
    {
        for (int left = snapshot.Read<int>(); left > 0; left--)
        {
            KeyHash key = snapshot.Read<KeyHash>();
            var window = new Window(actionStreams) { State = snapshot.Read<WindowState>() };
            snapshot.ReadMany<ActionCell>().CopyTo(window.Cells, 0);
            _windows.Add(key, window);
            _opened.Enqueue((key, window.State.Start));
        }
    }

    /// <inheritdoc/>
    public void Recover()
    {
    }

    /// <inheritdoc/>
    public void KeepFrom(TableFloor floor)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class TableSnapshot((KeyHash Key, WindowState State, ActionCell[] Cells)[] windows) : ITableSnapshot
    {
        public TableFloor Floor => default;

        public void Finish(SnapshotWriter snapshot, CancellationToken stopping)
        {
            snapshot.Write(windows.Length);
            foreach ((KeyHash key, WindowState state, ActionCell[] cells) in windows)
            {
                snapshot.Write(key);
                snapshot.Write(state);
                snapshot.WriteMany<ActionCell>(cells);
            }
        }
    }

    private sealed class Window(int actionStreams)
    {
        public WindowState State;
        public readonly ActionCell[] Cells = new ActionCell[actionStreams];
    }
}
