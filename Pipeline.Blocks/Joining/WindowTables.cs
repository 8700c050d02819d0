namespace Pipeline.Blocks.Joining;

/// <summary>Opens window tables with records just large enough for the job's action streams.</summary>
public static class WindowTables
{
    /// <summary>Most action streams a job may have.</summary>
    public const int MostActionStreams = 64;

    /// <summary>Opens an empty table; files of an earlier one in the directory are deleted. The caller disposes it.</summary>
    public static IWindowTable Open(FasterTableOptions options) => options.ActionStreams switch
    {
        < 0 or > MostActionStreams => throw new ArgumentOutOfRangeException(
            nameof(options), options.ActionStreams, $"A job has 0 to {MostActionStreams} action streams."),
        <= 1 => new FasterWindowTable<ActionCells1>(options),
        2 => new FasterWindowTable<ActionCells2>(options),
        <= 4 => new FasterWindowTable<ActionCells4>(options),
        <= 8 => new FasterWindowTable<ActionCells8>(options),
        <= 16 => new FasterWindowTable<ActionCells16>(options),
        <= 32 => new FasterWindowTable<ActionCells32>(options),
        _ => new FasterWindowTable<ActionCells64>(options),
    };
}
