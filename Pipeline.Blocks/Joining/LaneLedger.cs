namespace Pipeline.Blocks.Joining;

/// <summary>What a lane did with the events it was given, by rank (0 the exposure stream, then the action streams).</summary>
/// <remarks>Threading: written by the lane, read by reports; a value may be some batches old.</remarks>
/// <param name="ranks">1 + number of action streams.</param>
public sealed class LaneLedger(int ranks)
{
    /// <summary>Events taken in.</summary>
    public readonly long[] Received = new long[ranks];

    /// <summary>Repeats that fell out.</summary>
    public readonly long[] Duplicate = new long[ranks];

    /// <summary>Actions without an exposure.</summary>
    public readonly long[] Orphaned = new long[ranks];

    /// <summary>Events in windows that are open: added when an event is applied, taken off by what the closing window's state says.</summary>
    public readonly long[] InWindows = new long[ranks];

    /// <summary>Events in windows handed on to Format.</summary>
    public readonly long[] Emitted = new long[ranks];

    /// <summary>Payloads dropped beyond the cap of a window, by this process; the events stay where they are counted.</summary>
    public readonly long[] Surplus = new long[ranks];

    /// <summary>Windows opened.</summary>
    public long WindowsOpened;

    /// <summary>Windows closed, with or without an exposure.</summary>
    public long WindowsClosed;

    /// <summary>Writes the counts into a snapshot; events that wait in salts count as received, for there they are the lane's.</summary>
    internal void Save(SnapshotWriter snapshot, IReadOnlyList<ReorderSnapshot> salted)
    {
        long[] received = [.. Received];
        foreach (ReorderSnapshot salt in salted)
            for (int rank = 0; rank < received.Length; rank++) received[rank] += salt.Waiting[rank];
        snapshot.WriteMany<long>(received);
        foreach (long[] counts in Counts.AsSpan(1)) snapshot.WriteMany<long>(counts);
        snapshot.Write(WindowsOpened);
        snapshot.Write(WindowsClosed);
    }

    /// <summary>Takes the counts of a snapshot.</summary>
    public void Load(SnapshotReader snapshot)
    {
        foreach (long[] counts in Counts) snapshot.ReadMany<long>().CopyTo(counts, 0);
        WindowsOpened = snapshot.Read<long>();
        WindowsClosed = snapshot.Read<long>();
    }

    private long[][] Counts => [Received, Duplicate, Orphaned, InWindows, Emitted];
}
