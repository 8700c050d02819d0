namespace Pipeline.Blocks.Joining;

/// <summary>
/// Remembers where the log's tail was at which event time, coarsely, and so which part of the log is dead: a window below a mark started at or before
/// the mark's time, hence ended W later.
/// </summary>
/// <remarks>Threading: one thread. Memory: one mark for each 1/64 of a window.</remarks>
/// <param name="windowMs">W, ms.</param>
internal sealed class TailMarks(long windowMs)
{
    private const long ShortestStepMs = 1000;

    private readonly Queue<(long Time, long Address)> _marks = new();
    private readonly long _stepMs = Math.Max(windowMs / 64, ShortestStepMs);
    private long _next = long.MinValue;

    /// <summary>Address below which every window is dead; 0 while none is known to be.</summary>
    public long DeadBelow { get; private set; }

    /// <summary>Marks held.</summary>
    public int Count => _marks.Count;

    /// <summary>Notes the tail when a step has passed since the last mark. True when it did.</summary>
    /// <param name="time">Greatest time of an event applied.</param>
    /// <param name="tail">Address the next record gets.</param>
    public bool Note(long time, long tail)
    {
        if (time < _next) return false;
        _marks.Enqueue((time, tail));
        _next = time + _stepMs;
        return true;
    }

    /// <summary>The marks as they are now.</summary>
    public (long Time, long Address)[] Copy() => [.. _marks];

    /// <summary>Writes marks into a snapshot.</summary>
    public static void Save(SnapshotWriter snapshot, (long Time, long Address)[] marks)
    {
        snapshot.Write(marks.Length);
        foreach ((long time, long address) in marks)
        {
            snapshot.Write(time);
            snapshot.Write(address);
        }
    }

    /// <summary>Marks of a snapshot, as addresses of the log it was taken of.</summary>
    public static Queue<(long Time, long Address)> Load(SnapshotReader snapshot)
    {
        var marks = new Queue<(long Time, long Address)>();
        for (int left = snapshot.Read<int>(); left > 0; left--) marks.Enqueue((snapshot.Read<long>(), snapshot.Read<long>()));
        return marks;
    }

    /// <summary>Takes the marks whose windows have all ended off; returns whether <see cref="DeadBelow"/> moved.</summary>
    /// <param name="time">Every window that ends at or before it was read.</param>
    public bool Expire(long time)
    {
        bool moved = false;
        while (_marks.TryPeek(out (long Time, long Address) oldest) && oldest.Time + windowMs <= time)
        {
            _marks.Dequeue();
            DeadBelow = oldest.Address;
            moved = true;
        }
        return moved;
    }
}
