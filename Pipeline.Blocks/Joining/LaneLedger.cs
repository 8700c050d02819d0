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

    /// <summary>Windows opened.</summary>
    public long WindowsOpened;

    /// <summary>Windows closed, with or without an exposure.</summary>
    public long WindowsClosed;
}
