namespace Pipeline.Blocks.Joining;

/// <content>
/// Entries are never changed, so a snapshot shares the pages with the log: those not on disk yet are written by the snapshot, whatever becomes of them in
/// the log meanwhile.
/// </content>
public sealed partial class WindowLog
{
    /// <summary>
    /// Decides what a snapshot of the log as it is now holds, without waiting for a disk; when the one before is finished. Its pages are kept from now on until
    /// <see cref="KeepFrom"/> lets them go.
    /// </summary>
    internal WindowLogSnapshot BeginSnapshot()
    {
        _file.KeepFrom(Math.Min(_file.KeptFrom, _firstPage));
        var snapshot = new WindowLogSnapshot(_file, _firstPage, _tail.Number, _tail.Bytes.AsMemory(0, _tail.Used));
        _tail.SharedWith = snapshot;
        foreach (LogPage page in _byNumber)
        {
            if (page == _tail || _file.Holds(page.Number)) continue;
            page.SharedWith = snapshot;
            snapshot.Unwritten.Add((page.Number, page.Bytes.AsMemory(0, page.Used)));
        }
        return snapshot;
    }

    /// <summary>Takes a snapshot's pages into an empty log; they are checked as they are read. All files found are kept until <see cref="KeepFrom"/>.</summary>
    public void Load(SnapshotReader snapshot)
    {
        _firstPage = snapshot.Read<long>();
        int[] used = _file.Load(snapshot, _firstPage);
        byte[] tail = snapshot.ReadMany<byte>();
        _byNumber.Clear();
        for (int i = 0; i < used.Length; i++) _byNumber.Add(new LogPage(_firstPage + i) { Used = used[i] });
        _tail = new LogPage(_firstPage + used.Length) { Bytes = new byte[Math.Max(tail.Length, _pageBytes)], Used = tail.Length };
        tail.CopyTo(_tail.Bytes, 0);
        _byNumber.Add(_tail);
    }

    /// <summary>Pages before this one are needed by no snapshot any more.</summary>
    public void KeepFrom(long page)
    {
        _file.KeepFrom(page);
        _file.DeleteBefore(_firstPage);
    }
}

/// <summary>A window log's part of a snapshot that is not on disk yet.</summary>
/// <remarks>Threading: made by the log's thread, finished by any. The log does not use a page's bytes again before the snapshot has written them, and those of the tail before it is over.</remarks>
/// <param name="file">Where pages go.</param>
/// <param name="first">First page.</param>
/// <param name="end">The tail's page.</param>
/// <param name="tail">The tail's bytes; they go into the snapshot itself.</param>
internal sealed class WindowLogSnapshot(PageFile file, long first, long end, ReadOnlyMemory<byte> tail)
{
    private volatile bool _over;
    private ReadOnlyMemory<byte> _tail = tail;
    private long _writtenBefore;

    /// <summary>Pages that have to be written, in order of their numbers.</summary>
    public List<(long Number, ReadOnlyMemory<byte> Bytes)> Unwritten { get; } = [];

    /// <summary>First page it needs.</summary>
    public long FirstPage => first;

    /// <summary>Whether it needs a page's memory no more.</summary>
    public bool HasWritten(long page) => _over || page < Volatile.Read(ref _writtenBefore);

    /// <summary>Writes the pages, so that the log gets their memory back while other parts of the lane's snapshot are written.</summary>
    public void WritePages(CancellationToken stopping)
    {
        foreach ((long number, ReadOnlyMemory<byte> bytes) in Unwritten)
        {
            file.Write(number, bytes.Span, stopping);
            Volatile.Write(ref _writtenBefore, number + 1);
        }
    }

    /// <summary>Makes all pages durable and writes into the snapshot where they are.</summary>
    public void Finish(SnapshotWriter snapshot)
    {
        file.Sync(first);
        snapshot.Write(first);
        file.Save(snapshot, first, end);
        snapshot.WriteMany(_tail.Span);
    }

    /// <summary>Ends the sharing.</summary>
    public void Release()
    {
        _over = true;
        Unwritten.Clear();
        // Pages refer to the last snapshot they were part of, and would keep the tail of that time.
        _tail = default;
    }
}
