using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Librdkafka;

namespace Pipeline.Blocks.Sources;

/// <summary>The queues of a consumer: one of its own for each partition, so that it can be chosen what is read next, and the consumer's for everything else.</summary>
/// <remarks>
/// What is not chosen stays where it was fetched, bounded by <c>queued.max.messages.kbytes</c>; librdkafka's own pause would throw it away. Threading: the poll loop; librdkafka's
/// threads signal. Ownership: of the references, until <see cref="Dispose"/>, which comes before the client's.
/// </remarks>
internal sealed unsafe class PartitionQueues : IDisposable
{
    private readonly nint _client;
    private readonly List<PartitionQueue> _partitions = [];
    private readonly AutoResetEvent _filled = new(false);
    private GCHandle _signal;

    /// <summary>The queues of a client.</summary>
    public PartitionQueues(nint client)
    {
        _client = client;
        Consumer = NativeMethods.ConsumerQueue(client);
        if (Consumer == 0) throw new InvalidOperationException("The client has no queue of a consumer");
        _signal = GCHandle.Alloc(_filled);
        NativeMethods.Signal(Consumer, &OnFilled, GCHandle.ToIntPtr(_signal));
    }

    /// <summary>The consumer's queue: its errors, and records that came before their partition was <see cref="Add">added</see>.</summary>
    public nint Consumer { get; }

    /// <summary>The partitions.</summary>
    public IReadOnlyList<PartitionQueue> Partitions => _partitions;

    /// <summary>Lets an assigned partition have its own queue.</summary>
    public void Add(TopicPartition partition)
    {
        nint queue = NativeMethods.PartitionQueue(_client, partition.Topic, partition.Partition.Value);
        if (queue == 0) throw new InvalidOperationException($"Expected a queue of {partition.Topic}-{partition.Partition.Value}, which is assigned, found none");
        NativeMethods.Forward(queue, 0);
        NativeMethods.Signal(queue, &OnFilled, GCHandle.ToIntPtr(_signal));
        _partitions.Add(new PartitionQueue(partition, queue));
    }

    /// <summary>A partition that was added.</summary>
    public PartitionQueue Of(TopicPartition partition) => _partitions.Find(each => each.Id == partition) ?? throw new InvariantException($"{partition} is not assigned");

    /// <summary>Waits until something came into an empty queue since the last wait, or the timeout has passed.</summary>
    public void Wait(TimeSpan timeout) => _filled.WaitOne(timeout);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PartitionQueue partition in _partitions) GiveBack(partition.Queue);
        GiveBack(Consumer);
        _partitions.Clear();
        _signal.Free();
        _filled.Dispose();
    }

    /// <summary>Behind this no call of <see cref="OnFilled"/> begins or is under way: librdkafka makes it under the lock that this takes.</summary>
    private static void GiveBack(nint queue)
    {
        NativeMethods.Signal(queue, null, 0);
        NativeMethods.DestroyQueue(queue);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnFilled(nint client, nint opaque) => ((AutoResetEvent)GCHandle.FromIntPtr(opaque).Target!).Set();
}

/// <summary>A partition with a queue of its own.</summary>
/// <param name="id">The partition.</param>
/// <param name="queue">The queue.</param>
internal sealed class PartitionQueue(TopicPartition id, nint queue)
{
    /// <summary>The partition.</summary>
    public TopicPartition Id { get; } = id;

    /// <summary>The queue.</summary>
    public nint Queue { get; } = queue;

    /// <summary>Nothing is taken from it.</summary>
    public bool Paused { get; set; }

    /// <summary>Something was taken from it.</summary>
    public bool Used { get; set; }

    /// <summary>How far it is read; of the last choice.</summary>
    public long Time { get; set; }
}
