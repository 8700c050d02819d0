using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FASTER.core;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>What the store's callbacks hand back to the table. One object a table, so that a pending operation costs no iterator of outputs.</summary>
internal sealed class FasterCompletions<TCells> where TCells : unmanaged
{
    /// <summary>Copy of the record that was read last.</summary>
    public WindowRecord<TCells> Found;

    /// <summary>Update of the operation that completed last.</summary>
    public WindowUpdate Update;

    /// <summary>Set by a read that found what it was asked for; cleared by who asks.</summary>
    public bool WasFound;

    /// <summary>Records put at the tail since this was last reset.</summary>
    public int Appended;

    /// <summary>Whether what an update of an open window leaves is copied out to <see cref="Left"/>.</summary>
    public bool CopiesOut;

    /// <summary>The window as the last update left it that found it open.</summary>
    public WindowRecord<TCells> Left;
}

/// <summary>How one event changes one window, as FASTER calls it: in place, by copy to the tail, or as a new record.</summary>
/// <remarks>
/// An expired record is never changed in place: a new window is always a new record at the tail, because the log's begin address moves with time
/// and everything below it is taken for dead (<see cref="TailMarks"/>). A struct, so that the session's code is compiled with these calls inlined.
/// </remarks>
/// <param name="windowMs">W, ms.</param>
/// <param name="anchor">What opens a window.</param>
/// <param name="keepActions">Whether a window without an exposure remembers its actions' log entries.</param>
/// <param name="completions">Where results go.</param>
internal readonly struct FasterWindowFunctions<TCells>(long windowMs, WindowAnchor anchor, bool keepActions, FasterCompletions<TCells> completions)
    : IFunctions<KeyHash, WindowRecord<TCells>, WindowEvent, WindowUpdate, Empty>
    where TCells : unmanaged
{
    /// <summary>Value of <see cref="WindowEvent.Action"/> with which a read copies the record out and leaves it where it is.</summary>
    public const int Look = int.MinValue;

    /// <summary>
    /// Value of <see cref="WindowEvent.Action"/> with which a read finds only a window that is open at the event's time, and brings it to the tail when it
    /// is on disk.
    /// </summary>
    public const int Touch = int.MinValue + 1;

    /// <inheritdoc/>
    public bool InPlaceUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> value, ref WindowUpdate output, ref RMWInfo rmwInfo)
    {
        if (IsOpenAt(in value.State, input.Time))
        {
            Add(ref value, in input, out output);
            if (completions.CopiesOut) completions.Left = value;
            return true;
        }
        if (Opens(in input)) return false;
        SetOrphaned(out output);
        return true;
    }

    /// <inheritdoc/>
    public bool NeedCopyUpdate(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> oldValue, ref WindowUpdate output, ref RMWInfo rmwInfo)
    {
        if (IsOpenAt(in oldValue.State, input.Time) || Opens(in input)) return true;
        SetOrphaned(out output);
        return false;
    }

    /// <inheritdoc/>
    public bool CopyUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> oldValue, ref WindowRecord<TCells> newValue, ref WindowUpdate output, ref RMWInfo rmwInfo)
    {
        completions.Appended++;
        if (IsOpenAt(in oldValue.State, input.Time))
        {
            newValue = oldValue;
            Add(ref newValue, in input, out output);
            if (completions.CopiesOut) completions.Left = newValue;
        }
        else Open(ref newValue, in input, out output);
        return true;
    }

    /// <inheritdoc/>
    public bool NeedInitialUpdate(ref KeyHash key, ref WindowEvent input, ref WindowUpdate output, ref RMWInfo rmwInfo)
    {
        if (Opens(in input)) return true;
        SetOrphaned(out output);
        return false;
    }

    /// <inheritdoc/>
    public bool InitialUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> value, ref WindowUpdate output, ref RMWInfo rmwInfo)
    {
        completions.Appended++;
        Open(ref value, in input, out output);
        return true;
    }

    /// <inheritdoc/>
    public void RMWCompletionCallback(ref KeyHash key, ref WindowEvent input, ref WindowUpdate output, Empty ctx, Status status, RecordMetadata recordMetadata) =>
        completions.Update = output;

    /// <inheritdoc/>
    public bool SingleReader(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> value, ref WindowUpdate dst, ref ReadInfo readInfo) =>
        Read(in input, in value);

    /// <inheritdoc/>
    public bool ConcurrentReader(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> value, ref WindowUpdate dst, ref ReadInfo readInfo) =>
        Read(in input, in value);

    /// <inheritdoc/>
    public void ReadCompletionCallback(ref KeyHash key, ref WindowEvent input, ref WindowUpdate output, Empty ctx, Status status, RecordMetadata recordMetadata) { }

    /// <inheritdoc/>
    public bool SingleWriter(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> src, ref WindowRecord<TCells> dst, ref WindowUpdate output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
        completions.Appended++;
        dst = src;
        return true;
    }

    // The session copies what a read finds on disk to the tail; only what is answered with yes counts as found.
    private bool Read(in WindowEvent input, in WindowRecord<TCells> value)
    {
        if (input.Action == Touch) return completions.WasFound = IsOpenAt(in value.State, input.Time);
        completions.Found = value;
        completions.WasFound = true;
        return false;
    }

    private bool IsOpenAt(in WindowState state, long time) => time < state.Start + windowMs;

    private bool Opens(in WindowEvent input) => input.Action < 0 || anchor == WindowAnchor.First;

    private void Open(ref WindowRecord<TCells> record, in WindowEvent input, out WindowUpdate update)
    {
        record = default;
        record.State.Start = input.Time;
        record.State.Ordinal = input.Ordinal;
        record.State.Payload = WindowState.None;
        record.State.LastAction = WindowState.None;
        Add(ref record, in input, out update);
        update.Outcome = WindowOutcome.Opened;
    }

    private void Add(ref WindowRecord<TCells> record, in WindowEvent input, out WindowUpdate update)
    {
        ref WindowState state = ref record.State;
        update.PreviousAction = WindowState.None;
        update.Kept = 0;
        if (input.Action < 0)
        {
            update.Outcome = WindowOutcome.Merged;
            if (state.Exposures == 0)
            {
                state.Payload = input.Address;
                state.LastAction = WindowState.None;
                update.Outcome = WindowOutcome.Anchored;
            }
            state.Exposures += 1 + (uint)input.Also;
        }
        else
        {
            ref ActionCell cell = ref CellsOf(ref record)[input.Action];
            if (cell.Count == 0) cell.FirstDelay = (uint)(input.Time - state.Start);
            cell.Count += 1 + (uint)input.Also;
            if (keepActions && state.Exposures == 0)
            {
                update.PreviousAction = state.LastAction;
                state.LastAction = input.Address;
                update.Kept = ++state.Kept;
            }
            update.Outcome = WindowOutcome.Counted;
        }
        update.Ordinal = state.Ordinal;
        update.Start = state.Start;
        update.Exposures = state.Exposures;
    }

    /// <summary>The record's cells.</summary>
    public static Span<ActionCell> CellsOf(ref WindowRecord<TCells> record) => MemoryMarshal.Cast<TCells, ActionCell>(new Span<TCells>(ref record.Cells));

    private static void SetOrphaned(out WindowUpdate update)
    {
        update = default;
        update.Outcome = WindowOutcome.Orphaned;
        update.PreviousAction = WindowState.None;
    }

    /// <inheritdoc/>
    public void PostInitialUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> value, ref WindowUpdate output, ref RMWInfo rmwInfo) { }

    /// <inheritdoc/>
    public void PostCopyUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> oldValue, ref WindowRecord<TCells> newValue, ref WindowUpdate output, ref RMWInfo rmwInfo) { }

    /// <inheritdoc/>
    public void PostSingleWriter(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> src, ref WindowRecord<TCells> dst, ref WindowUpdate output, ref UpsertInfo upsertInfo, WriteReason reason) { }

    /// <inheritdoc/>
    public bool ConcurrentWriter(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> src, ref WindowRecord<TCells> dst, ref WindowUpdate output, ref UpsertInfo upsertInfo)
    {
        // A later version of a window that was put in just before, or the same again.
        dst = src;
        return true;
    }

    /// <inheritdoc/>
    public bool SingleDeleter(ref KeyHash key, ref WindowRecord<TCells> value, ref DeleteInfo deleteInfo) => throw Unused();

    /// <inheritdoc/>
    public void PostSingleDeleter(ref KeyHash key, ref DeleteInfo deleteInfo) => throw Unused();

    /// <inheritdoc/>
    public bool ConcurrentDeleter(ref KeyHash key, ref WindowRecord<TCells> value, ref DeleteInfo deleteInfo) => throw Unused();

    /// <inheritdoc/>
    public void DisposeSingleWriter(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> src, ref WindowRecord<TCells> dst, ref WindowUpdate output, ref UpsertInfo upsertInfo, WriteReason reason) { }

    /// <inheritdoc/>
    public void DisposeCopyUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> oldValue, ref WindowRecord<TCells> newValue, ref WindowUpdate output, ref RMWInfo rmwInfo) { }

    /// <inheritdoc/>
    public void DisposeInitialUpdater(ref KeyHash key, ref WindowEvent input, ref WindowRecord<TCells> value, ref WindowUpdate output, ref RMWInfo rmwInfo) { }

    /// <inheritdoc/>
    public void DisposeSingleDeleter(ref KeyHash key, ref WindowRecord<TCells> value, ref DeleteInfo deleteInfo) { }

    /// <inheritdoc/>
    public void DisposeDeserializedFromDisk(ref KeyHash key, ref WindowRecord<TCells> value) { }

    /// <inheritdoc/>
    public void CheckpointCompletionCallback(int sessionID, string sessionName, CommitPoint commitPoint) { }

    private static InvalidOperationException Unused() => new("The window table does not delete.");
}
