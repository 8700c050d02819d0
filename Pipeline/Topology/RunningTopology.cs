using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Topology;

/// <summary>A topology at work: starts the sources, drains on request, and on the first fault tears everything down and keeps its cause.</summary>
/// <remarks>
/// Draining: sources stop, the intake is completed, and completion runs down the links; nothing in flight is dropped and no window is closed by it.
/// Faults: the first exception of any source or block wins; the rest of the graph is faulted at once, since a fault drops what blocks had queued. Nothing
/// after the fault is delivered, and replay repairs.
/// Threading: any.
/// </remarks>
public sealed class RunningTopology : IDisposable
{
    private static readonly TimeSpan StandStillLimit = TimeSpan.FromSeconds(10);
    private readonly SampleTopology _topology;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<RunningTopology, Task>? _beforeReading;
    private readonly Func<RunningTopology, Task>? _beforeEnd;
    private readonly Task _completion;
    private Task[] _sources = [];
    private long _barriers;

    /// <summary>Starts reading. Sources and sinks must be open.</summary>
    /// <param name="topology">The blocks.</param>
    /// <param name="beforeReading">Done before the sources are started, while the flow takes barriers: the first checkpoint.</param>
    /// <param name="beforeEnd">Done when the sources have ended and the flow still takes barriers: the last checkpoint.</param>
    public RunningTopology(SampleTopology topology, Func<RunningTopology, Task>? beforeReading = null, Func<RunningTopology, Task>? beforeEnd = null)
    {
        _topology = topology;
        _beforeReading = beforeReading;
        _beforeEnd = beforeEnd;
        foreach (IDataflowBlock block in topology.Blocks) Watch(block.Completion);
        Watch(topology.Sink.SinkCompletion);
        _completion = RunAsync();
    }

    /// <summary>Ends when everything read is delivered; fails with the first cause.</summary>
    public Task Completion => _completion;

    /// <summary>False after a fault in which some work did not end: what it works on must not be disposed of.</summary>
    public bool StoodStill { get; private set; } = true;

    /// <summary>Stops the sources; what was read is still delivered.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Ends when the sources are to stop, for loops beside the flow.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>
    /// Sends a barrier through the flow; the task ends when it has passed the sinks, with everything before it and its dead letters delivered, or, with null,
    /// when the flow does not get that far. One at a time.
    /// </summary>
    /// <param name="directory">Where lanes write snapshots; null: they write none.</param>
    public async Task<CheckpointBarrier?> PassBarrierAsync(string? directory = null)
    {
        RecordBatch carrier = _topology.Records.Rent();
        var barrier = new CheckpointBarrier(Interlocked.Increment(ref _barriers), directory);
        carrier.Barrier = barrier;
        if (!await _topology.Intake.SendAsync(carrier).ConfigureAwait(false)) return null;
        await Task.WhenAny(barrier.Passed, _fault.Task).ConfigureAwait(false);
        if (!barrier.Passed.IsCompletedSuccessfully) return null;
        return !_topology.KeepsLetters || await FlushLettersAsync(barrier.Id).ConfigureAwait(false) ? barrier : null;
    }

    /// <summary>When a barrier has passed the sink, every letter made before it stands in a queue: a barrier behind it in each of them follows.</summary>
    private async Task<bool> FlushLettersAsync(long id)
    {
        var barrier = new CheckpointBarrier(id);
        foreach (BufferBlock<DeadLetterBatch> queue in _topology.LetterQueues)
            if (!await queue.SendAsync(new DeadLetterBatch { Barrier = barrier }).ConfigureAwait(false)) return false;
        await Task.WhenAny(barrier.Passed, _fault.Task).ConfigureAwait(false);
        return barrier.Passed.IsCompletedSuccessfully;
    }

    /// <summary>Tells the flow the time, where windows go by the clock.</summary>
    public async Task TickAsync(long now)
    {
        RecordBatch tick = _topology.Records.Rent();
        tick.At = now;
        await _topology.Intake.SendAsync(tick).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>A task whose failure is the failure of the run.</summary>
    public void Watch(Task task) => _ = task.ContinueWith(Tear, CancellationToken.None, TaskContinuationOptions.NotOnRanToCompletion, TaskScheduler.Default);

    private async Task RunAsync()
    {
        await DoAsync(_beforeReading).ConfigureAwait(false);
        if (!_fault.Task.IsCompleted) await ReadAsync().ConfigureAwait(false);
        Task ended = Task.WhenAll(_topology.Blocks.Select(block => block.Completion));
        if (await Task.WhenAny(ended, _fault.Task).ConfigureAwait(false) == ended && ended.IsCompletedSuccessfully) return;
        await StandStillAsync().ConfigureAwait(false);
        await _fault.Task.ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        _sources = [.. _topology.Sources.Select(source => Task.Run(() => source.RunAsync(_topology.Intake, _stop.Token)))];
        foreach (Task source in _sources) Watch(source);
        Task reading = Task.WhenAll(_sources);
        if (await Task.WhenAny(reading, _fault.Task).ConfigureAwait(false) != reading || !reading.IsCompletedSuccessfully) return;
        await DoAsync(_beforeEnd).ConfigureAwait(false);
        _topology.Intake.Complete();
    }

    /// <summary>Its failure is the failure of the run.</summary>
    private async Task DoAsync(Func<RunningTopology, Task>? work)
    {
        if (work is null) return;
        Task doing = work(this);
        Watch(doing);
        await doing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The failure is noted on another thread.
        if (!doing.IsCompletedSuccessfully) await _fault.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>After a fault: waits until nobody works on state, sources or sinks any more, so that they can be disposed of.</summary>
    private async Task StandStillAsync()
    {
        Task all = Task.WhenAll([.. _sources, .. _topology.Blocks.Select(block => block.Completion)]);
        await all.WaitAsync(StandStillLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        StoodStill = all.IsCompleted;
    }

    private void Tear(Task ended)
    {
        Exception cause = ended.Exception?.Flatten().InnerExceptions[0] ?? new StageFaultException("A source or stage was cancelled by itself.");
        if (!_fault.TrySetException(cause)) return;
        foreach (IDataflowBlock block in _topology.Blocks) block.Fault(cause);
        _stop.Cancel();
    }
}
