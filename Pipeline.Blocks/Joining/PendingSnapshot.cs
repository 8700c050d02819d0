namespace Pipeline.Blocks.Joining;

/// <summary>A snapshot whose content is decided and that is not on disk yet: the lane goes on while <see cref="Finish"/> writes it.</summary>
/// <remarks>
/// It shares memory with the lane, which leaves alone what the snapshot still needs: the bytes of waiting events, pages of the window log, files.
/// Threading: <see cref="Finish"/> on any thread. Ownership: the lane's; a lane that is disposed of calls it off.
/// </remarks>
public sealed class PendingSnapshot
{
    private const int Begun = 0;
    private const int Finishing = 1;
    private const int Over = 2;

    private readonly SnapshotWriter _writer;
    private readonly ReorderSnapshot _reorder;
    private readonly IReadOnlyList<ReorderSnapshot> _salted;
    private readonly ITableSnapshot _table;
    private readonly WindowLogSnapshot _log;
    private readonly CancellationToken _disposing;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    internal PendingSnapshot(
        SnapshotWriter writer, ReorderSnapshot reorder, IReadOnlyList<ReorderSnapshot> salted, ITableSnapshot table, WindowLogSnapshot log, CancellationToken disposing)
    {
        _disposing = disposing;
        _writer = writer;
        _reorder = reorder;
        _salted = salted;
        _table = table;
        _log = log;
    }

    /// <summary>Whether it is on disk, or never will be.</summary>
    internal bool IsOver => _over.Task.IsCompleted;

    /// <summary>
    /// Writes the snapshot; all of it, the parts of the lane's files included, is durable when this returns. To be called once. Directories, the snapshot's
    /// and those of the lane's files, are the caller's to sync.
    /// </summary>
    /// <remarks>
    /// Waits for a full disk as the lane's policy says, and may so take for ever; disposing of the lane ends it.
    /// Errors: <see cref="StateStorageException"/> and whatever else keeps the snapshot from being durable; the caller stops the lane, for what it holds may not
    /// be trusted to reach the disk either. <see cref="ObjectDisposedException"/> when the lane was disposed of.
    /// </remarks>
    public LaneSnapshot Finish()
    {
        if (Interlocked.CompareExchange(ref _state, Finishing, Begun) != Begun)
        {
            ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, typeof(LaneJoin));
            throw new InvalidOperationException("A snapshot is finished once.");
        }
        try
        {
            _disposing.ThrowIfCancellationRequested();
            _writer.Open(_disposing);
            WriteWaiting();
            _log.WritePages(_disposing);
            _table.Finish(_writer, _disposing);
            _log.Finish(_writer);
            _writer.Finish();
            return new LaneSnapshot(new LaneFloor(_table.Floor, _log.FirstPage), _writer.Length);
        }
        catch (OperationCanceledException) when (_disposing.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(LaneJoin));
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Memory that is lent goes back at once: the table, which comes behind it, waits for its disk and reads what was written, and meanwhile the lane would need as much again.</summary>
    private void WriteWaiting()
    {
        _reorder.Finish(_writer, _disposing);
        _reorder.Release();
        foreach (ReorderSnapshot salt in _salted)
        {
            salt.Finish(_writer, _disposing);
            salt.Release();
        }
        ReorderSnapshot.End(_writer);
    }

    /// <summary>The lane is being disposed of: nothing of it is used behind this. Waits for <see cref="Finish"/> where it has begun.</summary>
    internal void CallOff()
    {
        if (Interlocked.CompareExchange(ref _state, Over, Begun) == Begun) Close();
        else _over.Task.Wait(CancellationToken.None);
    }

    private void Close()
    {
        _writer.Dispose();
        _reorder.Release();
        foreach (ReorderSnapshot salt in _salted) salt.Release();
        _log.Release();
        Volatile.Write(ref _state, Over);
        _over.SetResult();
    }
}
