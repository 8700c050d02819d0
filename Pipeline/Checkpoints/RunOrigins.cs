using System.Globalization;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Topology;

namespace Pipeline.Checkpoints;

/// <summary>What a run goes back to.</summary>
/// <param name="Owner">This start.</param>
/// <param name="Origin">The start with empty state: this one, or that of the checkpoint or the progress.</param>
/// <param name="LastCheckpoint">Id of the newest checkpoint there is; 0 for none.</param>
/// <param name="Starts">First positions ever read, where they are not this process's own.</param>
/// <param name="Progress">What was committed before; null: nothing, or it is discarded.</param>
/// <param name="Discards">Owner of the committed progress that is discarded; null: none.</param>
internal sealed record RunOrigin(
    string Owner, string Origin, long LastCheckpoint, IReadOnlyDictionary<(string Source, int Number), long> Starts, Progress? Progress, string? Discards);

/// <summary>Names a run and what it goes back to.</summary>
internal static class RunOrigins
{
    /// <summary>In place of the settings' hash in a progress whose samples were not all made with the same settings.</summary>
    public const string MixedSettings = "mixed";

    /// <summary>Of an opened job.</summary>
    public static RunOrigin Of(JobParts parts, StateDirectory state, TimeProvider clock)
    {
        string owner = string.Create(
            CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}/{clock.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}/{Guid.NewGuid():n}");
        StartPlan plan = parts.Plan;
        var starts = new Dictionary<(string, int), long>();
        foreach (ManifestPartition entry in plan.Manifest?.Partitions ?? []) starts.Add((entry.Source, entry.Number), entry.Start);
        foreach (StartPosition start in plan.Progress?.Starts ?? []) starts[(start.Source, start.Number)] = start.Position;
        return new RunOrigin(
            owner,
            plan.Progress?.Origin ?? plan.Manifest?.Origin ?? owner,
            Math.Max(parts.LastCheckpoint, CheckpointReader.Ids(state.Path) is [long newest, ..] ? newest : 0),
            starts,
            plan.Progress,
            plan.Discards);
    }

    /// <summary>The progress that the run begins with, as its owner.</summary>
    public static Progress Progress(JobParts parts, RunOrigin origin, string settingsHash) => new()
    {
        Contract = SettingsHash.ContractVersion,
        // Once they have changed, no replay from the start positions makes the committed samples again.
        SettingsHash = origin.Progress is { } before && before.SettingsHash != settingsHash ? MixedSettings : settingsHash,
        Owner = origin.Owner,
        Origin = origin.Origin,
        // With new ends, a replay from the start positions has to stop at them, in partitions that appeared since, too.
        Starts = origin.Progress is { } known && !parts.EndsAreNew ? known.Starts : [.. parts.Topology.Directory.All.Select(partition => new StartPosition(
            partition.Source, partition.Number, origin.Starts.GetValueOrDefault((partition.Source, partition.Number), partition.Start), partition.End, partition.Identity))],
        Commits = origin.Progress?.Commits ?? 0,
        Points = origin.Progress?.Points ?? EmissionPoint.NoneOfAll(),
        Watermark = origin.Progress?.Watermark ?? SourcePartition.NoTime,
        Floors = parts.Topology.Partitioner.Tracker.Floors,
    };
}
