using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>One event that is applied to its key's window. Events come in the contract's total order.</summary>
public struct WindowEvent
{
    /// <summary>The key.</summary>
    public KeyHash Key;

    /// <summary>Event time, ms.</summary>
    public long Time;

    /// <summary>-1 for an exposure, else the action stream's number (0, 1 …).</summary>
    public int Action;

    /// <summary>How many more events of its key, time and stream it stands for.</summary>
    public int Also;

    /// <summary>Address in the window log that an entry written for this event gets.</summary>
    public long Address;

    /// <summary>Ordinal that a window opened by this event gets.</summary>
    public long Ordinal;
}

/// <summary>What became of an applied event.</summary>
public enum WindowOutcome
{
    /// <summary>An action in no window (only with <see cref="WindowAnchor.Exposure"/>).</summary>
    Orphaned,

    /// <summary>It opened a window.</summary>
    Opened,

    /// <summary>An exposure inside a window that has one already.</summary>
    Merged,

    /// <summary>The first exposure of a window that an action opened: its payload is the window's.</summary>
    Anchored,

    /// <summary>An action inside a window.</summary>
    Counted,
}

/// <summary>The outcome, with the window it concerns.</summary>
public struct WindowUpdate
{
    /// <summary>What became of the event.</summary>
    public WindowOutcome Outcome;

    /// <summary>The window's ordinal; meaningless for <see cref="WindowOutcome.Orphaned"/>.</summary>
    public long Ordinal;

    /// <summary>The window's start, ms.</summary>
    public long Start;

    /// <summary>Exposures in the window after the event.</summary>
    public uint Exposures;

    /// <summary>With <see cref="WindowOutcome.Counted"/> or Opened by an action: address of the window's previous kept action, -1 for none. Else -1.</summary>
    public long PreviousAction;

    /// <summary>With a kept action: how many the window keeps with it. Else 0.</summary>
    public uint Kept;
}

/// <summary>The fixed part of a window's state.</summary>
public struct WindowState
{
    /// <summary>No address.</summary>
    public const long None = -1;

    /// <summary>Start, ms.</summary>
    public long Start;

    /// <summary>Number of the window in its lane, in the order of opening.</summary>
    public long Ordinal;

    /// <summary>Window-log address of the first exposure's entry; <see cref="None"/> before there is one.</summary>
    public long Payload;

    /// <summary>Window-log address of the latest kept action of a window without an exposure; <see cref="None"/> when nothing is kept, and once there is an exposure.</summary>
    public long LastAction;

    /// <summary>Exposures merged.</summary>
    public uint Exposures;

    /// <summary>Actions kept of a window without an exposure.</summary>
    public uint Kept;
}

/// <summary>The oldest files of a table that a snapshot needs.</summary>
/// <param name="Generation">Which log: each restore begins a new one.</param>
/// <param name="Segment">Number of its first file.</param>
public readonly record struct TableFloor(int Generation, int Segment);

/// <summary>A snapshot of a table that is not on disk yet; the table may be changed meanwhile.</summary>
public interface ITableSnapshot
{
    /// <summary>The oldest files it needs.</summary>
    TableFloor Floor { get; }

    /// <summary>
    /// Makes every window that was live at the snapshot durable and writes into it what <see cref="IWindowTable.Load"/> needs beside the table's files.
    /// Once, on any thread, while the table is not disposed.
    /// </summary>
    void Finish(SnapshotWriter snapshot, CancellationToken stopping);
}

/// <summary>The open windows of one lane, by key. A window whose end has passed is as good as absent.</summary>
/// <remarks>
/// Threading: one thread at a time. The window log's addresses are opaque here.
/// An event at <c>t</c> is inside the key's window when <c>start ≤ t &lt; start + W</c>; all windows with an end at or before <c>t</c> were read
/// (<see cref="TryRead"/>) before an event at <c>t</c> is applied, so that an expired one may be overwritten.
/// Errors: a storage error throws; the lane stops with it.
/// </remarks>
public interface IWindowTable : IDisposable
{
    /// <summary>
    /// Keys that are hinted at together, between two and three times as many events ahead (<see cref="Hint"/>), then between one and two times (<see cref="HintBehind"/>). A hint waits for its page to be looked up;
    /// together the waits overlap (perf/results/2026-11-29.md).
    /// </summary>
    const int Hinted = 16;

    /// <summary>
    /// Begins a span of calls by this thread, which makes each about 100 ns cheaper (perf/results/2026-11-24.md). Optional. The thread leaves before it awaits, waits for others or
    /// turns to other work, and in any case every few milliseconds; spans do not nest.
    /// </summary>
    void Enter();

    /// <summary>Ends the span, on the thread that began it, also after an error.</summary>
    void Leave();

    /// <summary>Applies one event.</summary>
    WindowUpdate Apply(in WindowEvent applied);

    /// <summary>
    /// Reads a window that was not overwritten since; cells are copied in the order of the action streams.
    /// Cold windows are cheapest read in the order they were opened.
    /// </summary>
    bool TryRead(KeyHash key, out WindowState state, Span<ActionCell> cells);

    /// <summary>The same for a window that closes, in the order of ordinals: it and those before it are not asked for again.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="ordinal">Its ordinal.</param>
    /// <param name="state">Its state.</param>
    /// <param name="cells">Takes the cells.</param>
    bool TryReadLast(KeyHash key, long ordinal, out WindowState state, Span<ActionCell> cells) => TryRead(key, out state, cells);

    /// <summary>
    /// A hint ahead of a run of <see cref="Apply"/>: brings the live windows of these keys into memory, all cold ones together, so that their disk reads
    /// overlap. Changes no result. Worth calling for keys that are likely to have a window, such as those of actions.
    /// </summary>
    /// <param name="keys">Keys of events that come next, in any order; repeats do no harm.</param>
    /// <param name="time">Time of the earliest of them: windows that end at or before it are left where they are.</param>
    void Prefetch(ReadOnlySpan<KeyHash> keys, long time);

    /// <summary>A hint some events ahead of an <see cref="Apply"/> each: where the keys would be found is brought into the processor's cache. Changes no result.</summary>
    void Hint(ReadOnlySpan<KeyHash> keys);

    /// <summary>The same, fewer events ahead: what is found there by now leads on, and that is brought into the cache too.</summary>
    void HintBehind(ReadOnlySpan<KeyHash> keys);

    /// <summary>Says that every event up to here is applied and every window with an end at or before it was read; storage of dead windows may be reclaimed.</summary>
    void Advance(long appliedTime);

    /// <summary>
    /// Decides what a snapshot of the table as it is now holds, without waiting for a disk. Outside spans, and when the one before is finished. Its floor is
    /// kept from now on until <see cref="KeepFrom"/> lets it go.
    /// </summary>
    ITableSnapshot BeginSnapshot();

    /// <summary>Takes what a snapshot says of an empty table that was opened to be restored; <see cref="Recover"/> follows.</summary>
    void Load(SnapshotReader snapshot);

    /// <summary>Brings the live windows of the snapshot that was loaded back from the table's files. Outside spans.</summary>
    /// <remarks>Errors: <see cref="InvalidDataException"/> when the files are damaged; the table is of no use then.</remarks>
    void Recover();

    /// <summary>Files before this floor are needed by no snapshot any more.</summary>
    void KeepFrom(TableFloor floor);

    /// <summary>Where the table's log and index stand, for reports.</summary>
    TableAddresses Addresses => default;

    /// <summary>Bytes in memory.</summary>
    long MemoryBytes { get; }

    /// <summary>Bytes on disk.</summary>
    long DiskBytes { get; }
}
