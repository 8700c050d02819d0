using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Telemetry;
using Pipeline.Checkpoints;
using Pipeline.Configuration;

namespace Pipeline.Hosting;

/// <summary>The job's state directory: locked by one process, with its checkpoints and the lanes' files.</summary>
/// <remarks>Errors: a lock held by another process throws <see cref="StateLockedException"/>.</remarks>
public sealed class StateDirectory : IDisposable
{
    private readonly FileStream _lock;

    private StateDirectory(string path, FileStream held, StorageRetry retry)
    {
        Path = path;
        Checkpoints = new CheckpointStore(path, retry, FileStore.Real);
        _lock = held;
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>The checkpoints in it.</summary>
    internal CheckpointStore Checkpoints { get; }

    /// <summary>Creates and locks it.</summary>
    public static StateDirectory Open(JobOptions job, TimeProvider clock, ILogger log, Outages? outages = null)
    {
        string path = job.State.Dir;
        Directory.CreateDirectory(path);
        string lockPath = System.IO.Path.Combine(path, "lock");
        FileStream held = LockFile.Hold(
            lockPath, locked => new StateLockedException($"{path} is in use by another process (its lock file {lockPath} is held).", locked));
        return new StateDirectory(path, held, new StorageRetry(clock, job.UnavailableLimit, log, outages));
    }

    /// <summary>Discards what an earlier run left: the last step of a start, when nothing can refuse it any more.</summary>
    public async Task BeginAsync(CancellationToken stop)
    {
        // Checkpoints first: one without its lanes would be found damaged, lanes without a checkpoint are nothing.
        foreach (long id in CheckpointReader.Ids(Path)) await Checkpoints.RemoveAsync(id, stop).ConfigureAwait(false);
        foreach (string lane in Directory.EnumerateDirectories(Path, "lane-*")) Directory.Delete(lane, recursive: true);
    }

    /// <summary>Where a lane keeps its files.</summary>
    public string LanePath(int lane)
    {
        string path = LanePath(Path, lane);
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Where lanes make and delete files: what must be synced for their names to last.</summary>
    public IReadOnlyList<string> LaneDirectories(int lanes) =>
        [.. Enumerable.Range(0, lanes).SelectMany(lane => new[] { TablePath(lane), LanePath(lane) }), Path];

    /// <summary>Where a lane keeps its window table.</summary>
    public string TablePath(int lane) => TablePath(Path, lane);

    /// <summary>Where a lane keeps its window log; file numbers are appended.</summary>
    public string WindowLogPath(int lane) => WindowLogPath(Path, lane);

    /// <summary>The same of a state directory that is only looked at.</summary>
    internal static string TablePath(string state, int lane) => System.IO.Path.Combine(LanePath(state, lane), "table");

    /// <summary>The same of a state directory that is only looked at.</summary>
    internal static string WindowLogPath(string state, int lane) => System.IO.Path.Combine(LanePath(state, lane), "window-log");

    private static string LanePath(string state, int lane) => System.IO.Path.Combine(state, $"lane-{lane}");

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();
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
