namespace Pipeline.Checkpoints;

/// <summary>What a checkpoint's directory turned out to be.</summary>
public enum CheckpointCondition
{
    /// <summary>The manifest and every snapshot file are whole.</summary>
    Valid,

    /// <summary>It has no manifest: the process ended while it was written or removed. No error.</summary>
    Incomplete,

    /// <summary>The manifest, or a file it names, is not what was written.</summary>
    Damaged,

    /// <summary>Written by another release, with another format or contract: a start is to be refused, not to fall back.</summary>
    OtherRelease,
}

/// <summary>One checkpoint as found.</summary>
/// <param name="Id">Its number, by the directory's name.</param>
/// <param name="Directory">Its directory.</param>
/// <param name="Condition">What it is.</param>
/// <param name="Manifest">The manifest; null where none can be read.</param>
/// <param name="Reason">Why it is not valid: what, where, expected, found; empty when it is.</param>
public sealed record ListedCheckpoint(long Id, string Directory, CheckpointCondition Condition, CheckpointManifest? Manifest, string Reason);
