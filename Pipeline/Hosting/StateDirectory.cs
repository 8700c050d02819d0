using Pipeline.Configuration;

namespace Pipeline.Hosting;

/// <summary>The job's state directory: locked by one process, with a mark when a bounded run is finished.</summary>
/// <remarks>Errors: a lock held by another process throws <see cref="StateLockedException"/>; a finished state throws <see cref="StateRefusedException"/>.</remarks>
public sealed class StateDirectory : IDisposable
{
    // What the runtime gives for a file that another process holds: Windows' two errors, and EWOULDBLOCK of flock on Linux.
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);
    private const int WouldBlock = 11;

    private readonly FileStream _lock;

    private StateDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>Creates, locks and checks it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="fromScratch">Discard what is there.</param>
    public static StateDirectory Open(JobOptions job, bool fromScratch)
    {
        string path = job.State.Dir;
        Directory.CreateDirectory(path);
        string lockPath = System.IO.Path.Combine(path, "lock");
        FileStream held;
        try
        {
            held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException locked) when (locked.HResult is LockViolation or SharingViolation or WouldBlock)
        {
            throw new StateLockedException($"{path} is in use by another process (its lock file {lockPath} is held).", locked);
        }
        var directory = new StateDirectory(path, held);
        if (!fromScratch && File.Exists(directory.FinishedPath))
        {
            directory.Dispose();
            throw new StateRefusedException($"{path}: this job is finished. To run it again from its start positions, say --from-scratch.");
        }
        return directory;
    }

    /// <summary>Discards what an earlier run left: the last step of a start, when nothing can refuse it any more.</summary>
    public void Begin()
    {
        foreach (string lane in Directory.EnumerateDirectories(Path, "lane-*")) Directory.Delete(lane, recursive: true);
        File.Delete(FinishedPath);
    }

    /// <summary>Where a lane keeps its files.</summary>
    public string LanePath(int lane)
    {
        string path = System.IO.Path.Combine(Path, $"lane-{lane}");
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Marks that a bounded run came to its end.</summary>
    public void MarkFinished(JobSummary summary)
    {
        string written = FinishedPath + ".new";
        File.WriteAllText(written, summary.ToJson() + "\n");
        File.Move(written, FinishedPath, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private string FinishedPath => System.IO.Path.Combine(Path, "finished.json");
}

/// <summary>Another process has the state directory.</summary>
public sealed class StateLockedException : Exception
{
    /// <summary>Another process has it.</summary>
    public StateLockedException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>Another process has it.</summary>
    public StateLockedException(string message) : base(message)
    {
    }

    /// <summary>Another process has it.</summary>
    public StateLockedException() : this("The state directory is in use.")
    {
    }
}

/// <summary>There is state, and a start from it is refused; the message names the remedy.</summary>
public sealed class StateRefusedException : Exception
{
    /// <summary>Refused.</summary>
    public StateRefusedException(string message) : base(message)
    {
    }

    /// <summary>Refused, because of something else.</summary>
    public StateRefusedException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>Refused.</summary>
    public StateRefusedException() : this("The state is refused.")
    {
    }
}
