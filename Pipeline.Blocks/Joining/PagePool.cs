namespace Pipeline.Blocks.Joining;

/// <summary>
/// Memory of a window log's pages that are let go of: for the next page, at once, or, where a snapshot still reads them, when it has written them. So no page becomes
/// garbage, which would stay in memory until the collector comes around to it, seconds later.
/// </summary>
/// <remarks>Threading: one thread; the snapshot is finished by another.</remarks>
/// <param name="pageBytes">Bytes of a page of ordinary size; larger ones are not kept.</param>
internal sealed class PagePool(int pageBytes)
{
    private readonly Stack<byte[]> _idle = new();
    private readonly Queue<(byte[] Bytes, long Number)> _lent = new();
    private WindowLogSnapshot? _reader;

    /// <summary>Pages that no one needs.</summary>
    public int Idle => _idle.Count;

    /// <summary>Pages that a snapshot may still read.</summary>
    public int Lent => _lent.Count;

    /// <summary>A page of at least so many bytes; its content is anything.</summary>
    public byte[] Rent(int bytes)
    {
        TakeBack();
        if (bytes <= pageBytes && _idle.TryPop(out byte[]? page)) return page;
        return GC.AllocateUninitializedArray<byte>(Math.Max(bytes, pageBytes));
    }

    /// <summary>Takes a page back.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="number">Its number.</param>
    /// <param name="reader">The last snapshot that it is part of; null: none.</param>
    public void Return(byte[] bytes, long number, WindowLogSnapshot? reader)
    {
        if (bytes.Length != pageBytes) return;
        if (reader is null || reader.HasWritten(number))
        {
            _idle.Push(bytes);
            return;
        }
        // One snapshot at a time: those lent to an earlier one are back.
        TakeBack();
        _reader = reader;
        _lent.Enqueue((bytes, number));
    }

    /// <summary>Lets go of idle pages beyond a number.</summary>
    public void Keep(int most)
    {
        while (_idle.Count > most) _idle.Pop();
    }

    /// <summary>Takes back what the snapshot has written; it writes in order of the pages' numbers, but any page may be returned first.</summary>
    public void TakeBack()
    {
        for (int left = _lent.Count; left > 0; left--)
        {
            (byte[] bytes, long number) = _lent.Dequeue();
            if (_reader!.HasWritten(number)) _idle.Push(bytes);
            else _lent.Enqueue((bytes, number));
        }
    }
}
