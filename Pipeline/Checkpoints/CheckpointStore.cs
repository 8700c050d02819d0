using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Checkpoints;

internal sealed record FoundCheckpoint(long Id, CheckpointManifest? Manifest, string? Reason, bool IsOtherVersion);

/// <summary>The checkpoints of a state directory.</summary>
internal sealed class CheckpointStore(string stateDirectory)
{
    private string Root => Path.Combine(stateDirectory, "checkpoints");

    public string PathOf(long id) => Path.Combine(Root, id.ToString("d10", CultureInfo.InvariantCulture));

    public string Begin(long id, int lanes)
    {
        if (Directory.Exists(PathOf(id))) Directory.Delete(PathOf(id), true);
        for (int lane = 0; lane < lanes; lane++) Directory.CreateDirectory(CheckpointBarrier.LaneDirectory(PathOf(id), lane));
        return PathOf(id);
    }

    public void Commit(CheckpointManifest manifest, IReadOnlyList<string> directories)
    {
        _ = directories;
        string path = Path.Combine(PathOf(manifest.Id), "manifest.json");
        File.WriteAllText(path + ".tmp", JsonSerializer.Serialize(manifest, ManifestJson.Default.CheckpointManifest));
        Pipeline.Blocks.Flow.CrashPoint.Reach(Pipeline.Blocks.Flow.CrashPoint.BeforeManifest);
        File.Move(path + ".tmp", path, true);
        Pipeline.Blocks.Flow.CrashPoint.Reach(Pipeline.Blocks.Flow.CrashPoint.AfterRename);
    }

    public IReadOnlyList<FoundCheckpoint> List()
    {
        if (!Directory.Exists(Root)) return [];
        var found = new List<FoundCheckpoint>();
        foreach (string path in Directory.GetDirectories(Root).OrderDescending(StringComparer.Ordinal))
        {
            string file = Path.Combine(path, "manifest.json");
            if (!File.Exists(file)) continue;
            found.Add(new FoundCheckpoint(long.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture), JsonSerializer.Deserialize(File.ReadAllText(file), ManifestJson.Default.CheckpointManifest), null, false));
        }
        return found;
    }

    public CheckpointManifest Prune(int keep)
    {
        List<CheckpointManifest> all = [.. List().Select(one => one.Manifest!)];
        foreach (CheckpointManifest old in all.Skip(keep)) Remove(old.Id);
        return all.Take(keep).Last();
    }

    public void Remove(long id) => Directory.Delete(PathOf(id), true);

    public static LaneEntry Describe(string directory, int lane, LaneSnapshot snapshot) => new(
        $"lane-{lane}/{LaneSnapshot.FileName}", snapshot.Bytes,
        Convert.ToHexStringLower(XxHash128.Hash(File.ReadAllBytes(Path.Combine(CheckpointBarrier.LaneDirectory(directory, lane), LaneSnapshot.FileName)))),
        snapshot.Floor.Table.Generation, snapshot.Floor.Table.Segment, snapshot.Floor.LogPage);
}
