namespace Pipeline.Blocks.Flow;

/// <summary>
/// Which read positions may be committed while state is not yet kept over a restart: those before which every window is closed and delivered.
/// </summary>
/// <remarks>
/// A window that is open has no event older than the watermark less W. So positions noted when the greatest event time read was at or below that hold
/// back nothing that a restart would miss.
/// Worked example, W = 20 min: positions noted when the newest event was of 10:00 may be committed once a barrier has passed with the watermark at 10:20.
/// Pinned by <c>SafePositionsTests</c>.
/// Threading: one thread at a time.
/// </remarks>
/// <param name="windowMs">W, ms.</param>
public sealed class SafePositions(long windowMs)
{
    private readonly Queue<(long MaxEventTime, long[] Positions)> _noted = new();
    private long[]? _safe;

    /// <summary>Notes what a barrier that has passed found.</summary>
    /// <param name="maxEventTime">Greatest event time read before it, in any partition.</param>
    /// <param name="positions">Read positions by partition index.</param>
    public void Note(long maxEventTime, long[] positions) => _noted.Enqueue((maxEventTime, positions));

    /// <summary>The newest noted positions that are safe at a watermark up to which everything is delivered; null for none yet.</summary>
    public long[]? At(long watermark)
    {
        while (_noted.TryPeek(out (long MaxEventTime, long[] Positions) oldest) && (watermark == long.MaxValue || oldest.MaxEventTime <= watermark - windowMs))
        {
            _noted.Dequeue();
            _safe = oldest.Positions;
        }
        return _safe;
    }
}
