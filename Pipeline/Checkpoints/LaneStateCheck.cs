using Pipeline.Blocks.Joining;
using Pipeline.Hosting;

namespace Pipeline.Checkpoints;

/// <summary>Checks the pages of the lanes' window tables and window logs that a checkpoint needs.</summary>
internal sealed class LaneStateCheck : IStateCheck
{
    /// <inheritdoc/>
    public string? DamageOf(string stateDirectory, string checkpoint, CheckpointManifest manifest)
    {
        for (int lane = 0; lane < manifest.Lanes.Count; lane++)
        {
            string? damage = LaneSnapshotCheck.DamageOf(
                Path.Combine(checkpoint, manifest.Lanes[lane].File), StateDirectory.TablePath(stateDirectory, lane), StateDirectory.WindowLogPath(stateDirectory, lane));
            if (damage is not null) return $"lane {lane}: {damage}";
        }
        return null;
    }
}
