namespace Pipeline.Blocks.Flow;

/// <summary>A file by which one process keeps others out of a directory: held until it is disposed of or the process ends. It stays, empty.</summary>
public static class LockFile
{
    // What the runtime gives for a file that another process holds: Windows' two errors, and EWOULDBLOCK of flock on Linux.
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);
    private const int WouldBlock = 11;

    /// <summary>Holds a lock file, made when missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="taken">What to throw when another process holds it.</param>
    public static FileStream Hold(string path, Func<IOException, Exception> taken)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException locked) when (locked.HResult is LockViolation or SharingViolation or WouldBlock)
        {
            throw taken(locked);
        }
    }
}
