using System.Collections.Concurrent;

namespace Pipeline.Blocks.Sinks;

/// <summary>A thread for the calls of a file sink that wait for a disk, in their order.</summary>
/// <remarks>
/// One of the thread pool's that waits for a disk is one block less at work until the pool finds out, half a second later: on one core, where the pool has one, nothing
/// moved during a commit (file → file 19.2 → 17.3 s, perf/results/2026-11-29.md: "Who waits for the disk").
/// Threading: any caller, none after <see cref="End"/>. Errors: a call's go to whoever awaits it; what still waits at the end fails.
/// </remarks>
internal sealed class DiskThread
{
    /// <summary>How long a disk that does not answer holds the end of a run.</summary>
    public static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly BlockingCollection<SinkWork> _work = [];
    private readonly Thread _thread;
    private volatile bool _ending;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">Its name, for whoever looks at the process.</param>
    public DiskThread(string name)
    {
        _thread = new Thread(Serve) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Hands a call over; the task ends with it.</summary>
    public Task RunAsync(Action call)
    {
        var work = new SinkWork(call);
        _work.Add(work);
        return work.Done.Task;
    }

    /// <summary>Ends the thread. False when a call is still under way at the limit: what it works on must stay open.</summary>
    public bool End()
    {
        _ending = true;
        _work.CompleteAdding();
        return _thread.Join(EndLimit);
    }

    private void Serve()
    {
        foreach (SinkWork work in _work.GetConsumingEnumerable())
        {
            try
            {
                ObjectDisposedException.ThrowIf(_ending, this);
                work.Action();
                work.Done.SetResult();
            }
            // Whatever it is, it is the caller's.
            catch (Exception failure)
            {
                work.Done.SetException(failure);
            }
        }
    }
}
