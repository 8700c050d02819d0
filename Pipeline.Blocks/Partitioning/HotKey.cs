using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>A key that is hot for event times in <c>[From, Until)</c>.</summary>
/// <remarks>Threading: written by Partition; what reports see of it are copies (<see cref="HotKeyReading"/>).</remarks>
internal sealed class HotKey(KeyHash key, byte[] encoded, int lane, long from)
{
    /// <summary>The key's hash.</summary>
    public KeyHash Key { get; } = key;

    /// <summary>The encoded key.</summary>
    public byte[] Encoded { get; } = encoded;

    /// <summary>The lane it lives in.</summary>
    public int Lane { get; } = lane;

    /// <summary>First event time for which it is hot, ms.</summary>
    public long From { get; } = from;

    /// <summary>First event time for which it is not any more; <see cref="long.MaxValue"/> while it is hot.</summary>
    public long Until { get; set; } = long.MaxValue;

    /// <summary>Next in its slot of the table.</summary>
    public HotKey? Next { get; set; }
}

/// <summary>A hot key as reports see it.</summary>
/// <param name="Key">Its hash.</param>
/// <param name="Encoded">The encoded key.</param>
/// <param name="Lane">The lane it lives in.</param>
/// <param name="Share">Its share of recent events, 0..1.</param>
/// <param name="Salts">How many blocks its events are spread over.</param>
public sealed record HotKeyReading(KeyHash Key, byte[] Encoded, int Lane, double Share, int Salts);
