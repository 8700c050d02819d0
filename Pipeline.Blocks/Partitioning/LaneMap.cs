using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>Which lane a key lives in: the 64 key groups dealt out over the lanes. Only Partition knows it.</summary>
/// <param name="lanes">1..64.</param>
public sealed class LaneMap(int lanes)
{
    private readonly byte[] _laneOfGroup = Deal(lanes);

    /// <summary>Number of lanes.</summary>
    public int Lanes { get; } = lanes;

    /// <summary>The lane of a key.</summary>
    public int LaneOf(KeyHash key) => _laneOfGroup[key.Group];

    private static byte[] Deal(int lanes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, KeyHash.GroupCount);
        var laneOfGroup = new byte[KeyHash.GroupCount];
        for (int group = 0; group < laneOfGroup.Length; group++) laneOfGroup[group] = (byte)(group * lanes / KeyHash.GroupCount);
        return laneOfGroup;
    }
}
