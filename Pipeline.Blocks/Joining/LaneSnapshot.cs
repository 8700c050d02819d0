namespace Pipeline.Blocks.Joining;

/// <summary>
/// A lane's state at a barrier: the file <see cref="FileName"/> in a directory of the checkpoint's, and parts of the lane's own files, which only grow:
/// the window log's pages and the table's log from <see cref="Floor"/> to where they ended.
/// </summary>
/// <param name="Floor">The oldest files it needs; goes into the checkpoint's manifest.</param>
/// <param name="Bytes">Bytes of the snapshot file.</param>
public sealed record LaneSnapshot(LaneFloor Floor, long Bytes)
{
    /// <summary>Name of the snapshot file.</summary>
    public const string FileName = "lane.snapshot";
}

/// <summary>The oldest of a lane's files that a snapshot needs.</summary>
/// <param name="Table">Of the window table.</param>
/// <param name="LogPage">Of the window log.</param>
public readonly record struct LaneFloor(TableFloor Table, long LogPage);
