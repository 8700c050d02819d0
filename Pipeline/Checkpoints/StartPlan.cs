using System.Globalization;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Checkpoints;

/// <summary>What the operator asks of a start.</summary>
internal sealed record StartRequest
{
    /// <summary>Discard state and progress.</summary>
    public bool FromScratch { get; init; }

    /// <summary>Replay from the start positions that the progress keeps.</summary>
    public bool Rebuild { get; init; }

    /// <summary>Begin from this checkpoint; null: from the newest usable one.</summary>
    public long? From { get; init; }
}

/// <summary>How a run begins.</summary>
internal enum StartKind
{
    /// <summary>With empty state, at the positions the job names.</summary>
    Fresh,

    /// <summary>From a checkpoint.</summary>
    Restore,

    /// <summary>With empty state, at the start positions of the progress, emitting what lies behind the progress only.</summary>
    Rebuild,
}

/// <summary>How a run begins, decided.</summary>
/// <param name="Kind">How.</param>
/// <param name="Manifest">The checkpoint; of a restore only.</param>
/// <param name="Progress">What goes on from: committed samples are not emitted again; null: nothing was committed, or it is discarded.</param>
internal sealed record StartPlan(StartKind Kind, CheckpointManifest? Manifest, Progress? Progress)
{
    /// <summary>What was committed before is discarded: files are emptied, progress is overwritten.</summary>
    public bool DiscardsOutput { get; init; }

    /// <summary>Owner of the progress that is discarded; null: none is there, or it cannot be read.</summary>
    public string? Discards { get; init; }

    /// <summary>The settings are not those of the checkpoint.</summary>
    public bool SettingsChanged { get; init; }

    /// <summary>How the run begins, in a line for the operator.</summary>
    public string Says() => Kind switch
    {
        StartKind.Fresh => "state: empty; reading from the start positions",
        StartKind.Rebuild => $"state: rebuilt by a replay from the start positions; samples up to commit {Progress!.Commits} are not emitted again",
        _ => string.Create(
            CultureInfo.InvariantCulture,
            $"state: checkpoint {Manifest!.Id} of {DateTimeOffset.FromUnixTimeMilliseconds(Manifest.Created):yyyy-MM-dd'T'HH:mm:ss'Z'}"
            + $"{(Progress is null ? "" : $"; samples up to commit {Progress.Commits} are not emitted again")}{(SettingsChanged ? "; with other settings, after a clean stop" : "")}"),
    };
}
