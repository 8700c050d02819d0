using System.Collections.Concurrent;

namespace Pipeline.Blocks.Sinks;

/// <summary>A thread for the calls of a file sink that wait for a disk, in their order.</summary>
/// <remarks>
/// One of the thread pool's that waits for a disk is one block less at work until the pool finds out, half a second later: on one core, where the pool has one, nothing
/// moved during a commit (file → file 18.8 → 17.3 s, perf/results/2026-11-29.md: "Who waits for the disk").
/// Threading: any caller. Errors: a call's go to whoever awaits it. Disposal waits for what was handed over before.
/// </remarks>
internal sealed class DiskThread : IDisposable
{
    private readonly BlockingCollection<SinkWork> _work = [];
    private readonly Thread _thread;

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

    /// <inheritdoc/>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Serve()
    {
        foreach (SinkWork work in _work.GetConsumingEnumerable())
        {
            try
            {
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
