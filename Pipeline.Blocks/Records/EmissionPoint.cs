namespace Pipeline.Blocks.Records;

/// <summary>
/// A sample's place in the one order in which the samples of its key group leave: emission time, key hash, window start, revision. Progress is the point of
/// the last committed sample of each group; a replay emits nothing at or before it.
/// </summary>
/// <param name="Time">The window's end, for what a close emits; else the event time of the event that caused it. ms.</param>
/// <param name="Key">The join key's hash.</param>
/// <param name="Start">The window's start, ms.</param>
/// <param name="Revision">0, or which correction it is.</param>
public readonly record struct EmissionPoint(long Time, KeyHash Key, long Start, uint Revision) : IComparable<EmissionPoint>
{
    /// <summary>Before every sample: nothing was emitted.</summary>
    public static readonly EmissionPoint None = new(long.MinValue, default, long.MinValue, 0);

    /// <inheritdoc/>
    public int CompareTo(EmissionPoint other)
    {
        int order = Time.CompareTo(other.Time);
        if (order == 0) order = Key.CompareTo(other.Key);
        if (order == 0) order = Start.CompareTo(other.Start);
        return order == 0 ? Revision.CompareTo(other.Revision) : order;
    }

    /// <summary>The order of emission.</summary>
    public static bool operator <(EmissionPoint left, EmissionPoint right) => left.CompareTo(right) < 0;

    /// <summary>The order of emission.</summary>
    public static bool operator >(EmissionPoint left, EmissionPoint right) => left.CompareTo(right) > 0;

    /// <summary>The order of emission.</summary>
    public static bool operator <=(EmissionPoint left, EmissionPoint right) => left.CompareTo(right) <= 0;

    /// <summary>The order of emission.</summary>
    public static bool operator >=(EmissionPoint left, EmissionPoint right) => left.CompareTo(right) >= 0;

    /// <summary><see cref="None"/> for every key group.</summary>
    public static EmissionPoint[] NoneOfAll()
    {
        var points = new EmissionPoint[KeyHash.GroupCount];
        Array.Fill(points, None);
        return points;
    }
}
