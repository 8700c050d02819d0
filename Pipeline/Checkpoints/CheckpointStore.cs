using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Checkpoints;

/// <summary>
/// The checkpoints of a state directory, <c>checkpoints/&lt;id&gt;/</c> with the lanes' snapshot files and, written last, the manifest that makes them one.
/// </summary>
/// <remarks>
/// Threading: one call at a time, by the holder of the state directory's lock. Errors: a full disk is waited out (<see cref="StorageRetry"/>); a failed fsync
/// of a directory throws. After an error the checkpoint is incomplete and the ones before it are as they were.
/// </remarks>
/// <param name="stateDirectory">The job's state directory.</param>
/// <param name="retry">Repeats what a full disk refuses.</param>
/// <param name="store">The files; <see cref="FileStore.Real"/> outside tests.</param>
internal sealed class CheckpointStore(string stateDirectory, StorageRetry retry, IFileStore store)
{
    private readonly string _root = Path.Combine(stateDirectory, CheckpointReader.DirectoryName);

    // Valid when this process wrote or read them: pruning does not read all snapshots again.
    private readonly Dictionary<long, CheckpointManifest> _known = [];

    /// <summary>Makes the empty directory of a checkpoint, in place of an incomplete one of this number, and returns its path.</summary>
    /// <exception cref="InvariantException">There is a manifest of this number.</exception>
    public async Task<string> BeginAsync(long id, CancellationToken stop)
    {
        string directory = PathOf(id);
        if (File.Exists(Path.Combine(directory, ManifestFile.Name))) throw new InvariantException($"{directory}: a checkpoint is begun where there is one already.");
        await RemoveAsync(id, stop).ConfigureAwait(false);
        bool first = !Directory.Exists(_root);
        await retry.RunAsync($"Making {directory}", () => Directory.CreateDirectory(directory), stop).ConfigureAwait(false);
        if (first) store.SyncDirectory(stateDirectory);
        return directory;
    }

    /// <summary>Makes the checkpoint valid: durable when it returns.</summary>
    /// <param name="manifest">Names snapshot files that are in the checkpoint's directory and durable.</param>
    /// <param name="laneDirectories">Directories of the lanes' own files, whose names are not durable yet.</param>
    /// <param name="stop">Ends waiting.</param>
    public async Task CommitAsync(CheckpointManifest manifest, IReadOnlyList<string> laneDirectories, CancellationToken stop)
    {
        string directory = PathOf(manifest.Id);
        string path = Path.Combine(directory, ManifestFile.Name);
        string written = path + ".tmp";
        byte[] bytes = ManifestFile.Format(manifest);
        IEnumerable<string> snapshots = manifest.Lanes.Select(lane => Path.GetDirectoryName(Path.Combine(directory, lane.File))!);
        foreach (string named in laneDirectories.Concat(snapshots).Append(directory).Distinct()) store.SyncDirectory(named);
        await retry.RunAsync($"Writing {written}", () => Write(written, bytes), stop).ConfigureAwait(false);
        CrashPoint.Reach(CrashPoint.BeforeManifest);
        await retry.RunAsync($"Renaming {written}", () => store.Move(written, path), stop).ConfigureAwait(false);
        CrashPoint.Reach(CrashPoint.AfterRename);
        store.SyncDirectory(directory);
        store.SyncDirectory(_root);
        _known[manifest.Id] = manifest;
    }

    /// <summary>Every checkpoint, checked byte for byte, newest first.</summary>
    public IReadOnlyList<ListedCheckpoint> List()
    {
        IReadOnlyList<ListedCheckpoint> found = CheckpointReader.List(stateDirectory);
        _known.Clear();
        foreach (ListedCheckpoint checkpoint in found)
            if (checkpoint.Condition == CheckpointCondition.Valid) _known.Add(checkpoint.Id, checkpoint.Manifest!);
        return found;
    }

    /// <summary>
    /// Removes what no start needs any more: incomplete ones, and everything older than the newest <paramref name="keep"/> valid ones. Returns the oldest
    /// kept, whose files and positions are still needed; null when none is valid, and then nothing but incomplete ones is removed.
    /// </summary>
    /// <remarks>Valid is what this process has written, or found valid; anything else is checked.</remarks>
    public async Task<CheckpointManifest?> PruneAsync(int keep, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        CheckpointManifest? oldest = null;
        int kept = 0;
        foreach (long id in CheckpointReader.Ids(stateDirectory))
        {
            if (kept == keep || !File.Exists(Path.Combine(PathOf(id), ManifestFile.Name))) await RemoveAsync(id, stop).ConfigureAwait(false);
            else if (Known(id) is { } valid) (oldest, kept) = (valid, kept + 1);
        }
        return oldest;
    }

    /// <summary>Removes a checkpoint, its manifest first: one cut short leaves it incomplete.</summary>
    public async Task RemoveAsync(long id, CancellationToken stop)
    {
        string directory = PathOf(id);
        string manifest = Path.Combine(directory, ManifestFile.Name);
        _known.Remove(id);
        if (!Directory.Exists(directory)) return;
        if (File.Exists(manifest))
        {
            await retry.RunAsync($"Removing {manifest}", () => File.Delete(manifest), stop).ConfigureAwait(false);
            store.SyncDirectory(directory);
        }
        await retry.RunAsync($"Removing {directory}", () => Delete(directory), stop).ConfigureAwait(false);
    }

    private CheckpointManifest? Known(long id)
    {
        if (_known.TryGetValue(id, out CheckpointManifest? known)) return known;
        if (CheckpointReader.Read(stateDirectory, id) is not { Condition: CheckpointCondition.Valid } found) return null;
        return _known[id] = found.Manifest!;
    }

    private string PathOf(long id) => CheckpointReader.PathOf(stateDirectory, id);

    private void Write(string path, byte[] bytes)
    {
        // A file of its own for each attempt: fsync of one that failed once proves nothing.
        File.Delete(path);
        using SafeFileHandle file = store.Open(path);
        store.Write(file, bytes, 0);
        store.Sync(file);
    }

    private static void Delete(string directory)
    {
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }
}
