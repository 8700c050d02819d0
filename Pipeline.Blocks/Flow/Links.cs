using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Dataflow;

namespace Pipeline.Blocks.Flow;

/// <summary>The only places where blocks are linked, completed and sent to, so that Dataflow's traps are closed once.</summary>
/// <remarks>
/// Closed here: a cancellation that escapes a delegate makes Dataflow drop the message silently (<see cref="Guard{T}"/> turns it into a fault); several sources
/// of one target complete it at the first (<see cref="Gather{T}"/> waits for all); a send to an ended block returns false (<see cref="Deliver{T}"/> throws what ended it);
/// capacity is unbounded by default (<see cref="Bounded"/> sets it).
/// </remarks>
public static class Links
{
    /// <summary>Options of a block with a bounded queue.</summary>
    public static ExecutionDataflowBlockOptions Bounded(int capacity, int parallelism = 1) =>
        new() { BoundedCapacity = Math.Max(capacity, parallelism), MaxDegreeOfParallelism = parallelism, EnsureOrdered = true };

    /// <summary>One source, one target: completion and faults go along.</summary>
    public static void Then<T>(this ISourceBlock<T> source, ITargetBlock<T> target) =>
        source.LinkTo(target, new DataflowLinkOptions { PropagateCompletion = true });

    /// <summary>Several sources, one target: it is completed when all of them are, and faulted with the first that faults.</summary>
    public static void Gather<T>(IReadOnlyCollection<ISourceBlock<T>> sources, ITargetBlock<T> target)
    {
        foreach (ISourceBlock<T> source in sources) source.LinkTo(target, new DataflowLinkOptions { PropagateCompletion = false });
        target.EndsBehind([.. sources]);
    }

    /// <summary>Completes a block when the own work of all that feed it has ended, and faults it with the first that faults.</summary>
    /// <param name="target">The block.</param>
    /// <param name="feeders">Who links or sends to it.</param>
    public static void EndsBehind(this IDataflowBlock target, params IReadOnlyList<IDataflowBlock> feeders)
    {
        foreach (IDataflowBlock feeder in feeders)
        {
            _ = feeder.Completion.ContinueWith(
                (ended, block) => ((IDataflowBlock)block!).Fault(ended.Exception!), target, CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
        _ = Task.WhenAll(feeders.Select(static feeder => feeder.Completion)).ContinueWith(
            (_, block) => ((IDataflowBlock)block!).Complete(), target, CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    /// <summary>When one block's own work has ended, completes or faults blocks that it feeds by hand.</summary>
    public static void Ends(this IDataflowBlock block, params IReadOnlyList<IDataflowBlock> fed) =>
        _ = block.Completion.ContinueWith(
            ended =>
            {
                foreach (IDataflowBlock target in fed)
                {
                    if (ended.IsFaulted) target.Fault(ended.Exception!);
                    else target.Complete();
                }
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    /// <summary>Sends and waits for room: the back-pressure. A block that has failed throws its own cause, for the sender may be the first whose failure is noticed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask Deliver<T>(this ITargetBlock<T> target, T message)
    {
        if (await target.SendAsync(message).ConfigureAwait(false)) return;
        await target.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (target.Completion.Exception is { } failed) ExceptionDispatchInfo.Throw(failed.Flatten().InnerExceptions[0]);
        throw new StageFaultException($"A stage that takes {typeof(T).Name} has ended before its sender.");
    }

    /// <summary>Wraps a block's work so that no cancellation escapes it.</summary>
    public static Func<T, Task> Guard<T>(string stage, Func<T, ValueTask> work) => async message =>
    {
        try
        {
            await work(message).ConfigureAwait(false);
        }
        catch (OperationCanceledException cancelled)
        {
            throw new StageFaultException($"Work in {stage} was cancelled.", cancelled);
        }
    };
}
