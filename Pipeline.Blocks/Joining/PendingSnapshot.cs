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
    private readonly ITableSnapshot _table;
    private readonly WindowLogSnapshot _log;
    private readonly CancellationTokenSource _calledOff = new();
    private readonly ManualResetEventSlim _over = new();
    private int _state;

    internal PendingSnapshot(SnapshotWriter writer, ReorderSnapshot reorder, ITableSnapshot table, WindowLogSnapshot log)
    {
        _writer = writer;
        _reorder = reorder;
        _table = table;
        _log = log;
    }

    /// <summary>Whether it is on disk, or never will be.</summary>
    internal bool IsOver => _over.IsSet;

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
        int found = Interlocked.CompareExchange(ref _state, Finishing, Begun);
        ObjectDisposedException.ThrowIf(_calledOff.IsCancellationRequested, typeof(LaneJoin));
        if (found != Begun) throw new InvalidOperationException("A snapshot is finished once.");
        try
        {
            CancellationToken stopping = _calledOff.Token;
            _writer.Open(stopping);
            _reorder.Finish(_writer, stopping);
            _table.Finish(_writer, stopping);
            _log.Finish(_writer, stopping);
            _writer.Finish();
            return new LaneSnapshot(new LaneFloor(_table.Floor, _log.FirstPage), _writer.Length);
        }
        catch (OperationCanceledException) when (_calledOff.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(LaneJoin));
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Sees to it that nothing of the lane is used from now on; waits for <see cref="Finish"/> where it has begun.</summary>
    internal void CallOff()
    {
        _calledOff.Cancel();
        if (Interlocked.CompareExchange(ref _state, Over, Begun) == Begun) Close();
        else _over.Wait();
    }

    private void Close()
    {
        _writer.Dispose();
        _reorder.Release();
        _log.Release();
        Volatile.Write(ref _state, Over);
        _over.Set();
    }
}
