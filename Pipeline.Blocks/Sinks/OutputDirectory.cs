using Pipeline.Blocks.Flow;

namespace Pipeline.Blocks.Sinks;

/// <summary>A directory that one process writes output to: made durably when missing, and held by a lock file in it until disposal or the process's end.</summary>
/// <remarks>The lock file stays, empty. Readers need no lock. Errors: <see cref="SinkLockedException"/> when another holds it.</remarks>
internal sealed class OutputDirectory : IDisposable
{
    private readonly FileStream _lock;

    private OutputDirectory(FileStream held) => _lock = held;

    /// <summary>Creates and locks it.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="lockName">Name of the lock file: samples and dead letters of one job may share a directory.</param>
    /// <param name="store">Makes the directory's own name durable.</param>
    public static OutputDirectory Open(string path, string lockName, IFileStore store)
    {
        Create(path, store);
        string lockPath = Path.Combine(path, lockName);
        return new OutputDirectory(LockFile.Hold(
            lockPath, locked => new SinkLockedException($"{path} is written to by another process (its lock file {lockPath} is held).", locked)));
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static void Create(string path, IFileStore store)
    {
        if (Directory.Exists(path) || Path.GetDirectoryName(path) is not { } parent) return;
        Create(parent, store);
        Directory.CreateDirectory(path);
        store.SyncDirectory(parent);
    }
}
