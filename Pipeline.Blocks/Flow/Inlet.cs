using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using System.Threading.Tasks.Sources;

namespace Pipeline.Blocks.Flow;

/// <summary>The way into a bounded block for blocks that send to it by hand: who finds it full waits until half of it is empty, and then sends several.</summary>
/// <remarks>
/// <para>
/// Dataflow's own <c>SendAsync</c> wakes a sender for each message taken: with a full queue, as before the slowest stage, sender and receiver then change places at every batch, and each
/// wait makes new objects. Here a wait is made of objects used again, and one serves for half a queue.
/// </para>
/// <para>
/// Nobody waits for ever: a sender is noted first and, when nobody is before it, tries once more then. If that fails, messages stand before the block which it takes later, and by the last of
/// them it is empty (<see cref="Took"/>); who is before it has failed too, or has sent a message that is taken later. That needs more room than there are workers; with less it is <c>SendAsync</c>. Pinned by <c>InletTests</c>.
/// </para>
/// Order: of each sender's messages as it sent them. Threading: <see cref="Deliver"/> by any number of senders, one message at a time each; <see cref="Took"/> by any thread.
/// Errors: those of the block when it has failed; <see cref="StageFaultException"/> when it has ended before.
/// </remarks>
/// <typeparam name="T">The message.</typeparam>
public sealed class Inlet<T>
{
    private readonly ITargetBlock<T> _target;
    private readonly Func<int> _queued;
    private readonly int _half;
    private readonly bool _gathers;
    private readonly Lock _gate = new();
    private readonly List<Wait> _waiting = [];
    private readonly Stack<Wait> _idle = [];
    private int _count;

    /// <summary>The way into a block.</summary>
    /// <param name="target">The block.</param>
    /// <param name="queued">Messages that it has not taken, and, of a block with an output, those that nobody has taken from it.</param>
    /// <param name="capacity">Its bound.</param>
    /// <param name="workers">Messages it works on at a time.</param>
    public Inlet(ITargetBlock<T> target, Func<int> queued, int capacity, int workers = 1)
    {
        (_target, _queued, _half, _gathers) = (target, queued, capacity / 2, capacity >= 2 * workers);
        _ = target.Completion.ContinueWith(static (_, inlet) => ((Inlet<T>)inlet!).LetGo(), this, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Sends a message; waits for room: the back-pressure.</summary>
    public ValueTask Deliver(T message)
    {
        if (!_gathers) return _target.Deliver(message);
        // Who waits goes first: else one that comes again and again would keep the queue above its half.
        return Volatile.Read(ref _count) == 0 && _target.Post(message) ? default : DeliverLater(message);
    }

    /// <summary>To be told whenever the block, or who takes its output, takes a message.</summary>
    public void Took()
    {
        if (Volatile.Read(ref _count) > 0 && _queued() <= _half) LetGo();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask DeliverLater(T message)
    {
        Wait wait = Enter(out bool first);
        bool sent = first && _target.Post(message);
        if (!sent && !_target.Completion.IsCompleted) await wait.Ended.ConfigureAwait(false);
        Leave(wait);
        // Others may have been faster; the block may have ended.
        if (!sent) await _target.Deliver(message).ConfigureAwait(false);
    }

    private Wait Enter(out bool first)
    {
        lock (_gate)
        {
            first = _waiting.Count == 0;
            if (!_idle.TryPop(out Wait? wait)) wait = new Wait();
            wait.Begin();
            _waiting.Add(wait);
            Interlocked.Exchange(ref _count, _waiting.Count);
            return wait;
        }
    }

    private void Leave(Wait wait)
    {
        lock (_gate)
        {
            if (_waiting.Remove(wait)) Volatile.Write(ref _count, _waiting.Count);
            _idle.Push(wait);
        }
    }

    private void LetGo()
    {
        lock (_gate)
        {
            foreach (Wait wait in _waiting) wait.End();
            _waiting.Clear();
            Volatile.Write(ref _count, 0);
        }
    }

    /// <summary>One sender's wait. Its end is told on another thread, never inside the lock.</summary>
    private sealed class Wait : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

        public ValueTask Ended => new(this, _core.Version);

        public void Begin() => _core.Reset();

        public void End() => _core.SetResult(true);

        public void GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);
    }
}
