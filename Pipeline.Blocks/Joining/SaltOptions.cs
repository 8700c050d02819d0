namespace Pipeline.Blocks.Joining;

/// <summary>What a salt needs to know of the job.</summary>
public sealed record SaltOptions
{
    /// <summary>Number of its lane.</summary>
    public required int Lane { get; init; }

    /// <summary>Its own number, 0 up.</summary>
    public required int Salt { get; init; }

    /// <summary>See <see cref="LaneOptions.Ranks"/>.</summary>
    public required int[] Ranks { get; init; }

    /// <summary>Whether orphaned actions become dead letters: then each goes on by itself, with its payload and position.</summary>
    public bool KeepLetters { get; init; }

    /// <summary>Most bytes of a batch to the lane.</summary>
    /// <remarks>Not measured: salts send condensed events of hot keys only, and no sample depends on it.</remarks>
    public int BatchBytes { get; init; } = 256 << 10;
}
