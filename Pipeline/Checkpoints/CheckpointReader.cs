using System.Globalization;

namespace Pipeline.Checkpoints;

/// <summary>Finds the checkpoints of a state directory and checks them byte for byte, changing nothing and needing no lock.</summary>
/// <remarks>
/// Damage of any kind is told, never thrown. One that is removed meanwhile by the running job is incomplete, or not there. Every call reads every snapshot
/// file to its end. Threading: any.
/// </remarks>
internal static class CheckpointReader
{
    /// <summary>Name of the directory that holds a state directory's checkpoints.</summary>
    public const string DirectoryName = "checkpoints";

    /// <summary>Name of a checkpoint's directory.</summary>
    public static string NameOf(long id) => id.ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>A checkpoint's directory.</summary>
    public static string PathOf(string stateDirectory, long id) => Path.Combine(stateDirectory, DirectoryName, NameOf(id));

    /// <summary>The checkpoints, newest first; empty when there is no such directory.</summary>
    /// <param name="stateDirectory">The job's state directory.</param>
    public static IReadOnlyList<ListedCheckpoint> List(string stateDirectory) =>
        [.. Ids(stateDirectory).Select(id => Read(stateDirectory, id)).OfType<ListedCheckpoint>()];

    /// <summary>Numbers of the directories there, the highest first.</summary>
    public static IReadOnlyList<long> Ids(string stateDirectory)
    {
        string root = Path.Combine(stateDirectory, DirectoryName);
        if (!Directory.Exists(root)) return [];
        var ids = new List<long>();
        foreach (string path in Directory.EnumerateDirectories(root))
        {
            string name = Path.GetFileName(path);
            if (long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && NameOf(id) == name) ids.Add(id);
        }
        ids.Sort();
        ids.Reverse();
        return ids;
    }

    /// <summary>One checkpoint; null when there is no directory of it.</summary>
    public static ListedCheckpoint? Read(string stateDirectory, long id)
    {
        string directory = PathOf(stateDirectory, id);
        string manifest = Path.Combine(directory, ManifestFile.Name);
        if (!Directory.Exists(directory)) return null;
        if (!File.Exists(manifest)) return Incomplete(id, directory);
        ListedCheckpoint found = Check(id, directory, manifest);
        if (found.Condition == CheckpointCondition.Valid || File.Exists(manifest)) return found;
        // Removed while it was read, manifest first.
        return Directory.Exists(directory) ? Incomplete(id, directory) : null;
    }

    private static ListedCheckpoint Check(long id, string directory, string path)
    {
        CheckpointManifest? manifest = null;
        try
        {
            manifest = ManifestFile.Parse(File.ReadAllBytes(path));
            string? damage = manifest.Id == id ? LaneDamage(directory, manifest) : $"{path}: expected id {id}, found {manifest.Id}";
            return new ListedCheckpoint(id, directory, damage is null ? CheckpointCondition.Valid : CheckpointCondition.Damaged, manifest, damage ?? "");
        }
        catch (OtherReleaseException other)
        {
            return new ListedCheckpoint(id, directory, CheckpointCondition.OtherRelease, null, $"{path}: {other.Message}");
        }
        catch (InvalidDataException damaged)
        {
            return new ListedCheckpoint(id, directory, CheckpointCondition.Damaged, null, $"{path}: {damaged.Message}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new ListedCheckpoint(id, directory, CheckpointCondition.Damaged, manifest, $"{directory}: cannot be read: {unreadable.Message}");
        }
    }

    private static string? LaneDamage(string directory, CheckpointManifest manifest)
    {
        foreach (ManifestLane lane in manifest.Lanes)
        {
            if (Path.IsPathRooted(lane.File) || lane.File.Split('/').Contains("..")) return $"{directory}: expected files below it, found {lane.File}";
            string path = Path.Combine(directory, lane.File);
            if (!File.Exists(path)) return $"{path}: expected {lane.Bytes} bytes, found no file";
            long bytes = new FileInfo(path).Length;
            if (bytes != lane.Bytes) return $"{path}: expected {lane.Bytes} bytes, found {bytes}";
            string found = FileChecksum.Of(path);
            if (found != lane.Xxh128) return $"{path}: expected xxh128 {lane.Xxh128}, found {found}";
        }
        return null;
    }

    private static ListedCheckpoint Incomplete(long id, string directory) =>
        new(id, directory, CheckpointCondition.Incomplete, null, $"{directory}: no {ManifestFile.Name}: the process ended while it was written or removed");
}
