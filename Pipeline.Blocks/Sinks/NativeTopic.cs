using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Blocks.Librdkafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>One topic of a producing client, to which samples are queued many at a call.</summary>
/// <remarks>
/// Partitioner and acknowledgements are the client's: the handle takes its topic properties. Order is kept: behind the first record that is not taken none is.
/// Ownership: holds the client's handle open until <see cref="Dispose"/>, which comes before the client's. Threading: one caller at a time.
/// </remarks>
internal sealed unsafe class NativeTopic : IDisposable
{
    /// <summary>Records of a call; a batch of 512 needs one.</summary>
    private const int Most = 512;

    /// <summary>Bytes that librdkafka adds to key and value before it compares them with message.max.bytes; at least its 36.</summary>
    private const int Overhead = 64;

    private readonly SafeHandle _client;
    private readonly nint _topic;
    private readonly long _surelyTaken;
    private readonly int _flags;
    // Pinned for its lifetime; librdkafka writes an error into each record of a call.
    private readonly NativeMessage[] _messages = GC.AllocateArray<NativeMessage>(Most, pinned: true);

    /// <summary>A topic of a client.</summary>
    /// <param name="client">The client (<c>rd_kafka_t</c>).</param>
    /// <param name="name">The topic.</param>
    /// <param name="maxBytes">The client's message.max.bytes.</param>
    /// <param name="copies">Whether values are copied by the call; else the batch is to stay as it is until the client has no use for them any more.</param>
    public NativeTopic(SafeHandle client, string name, int maxBytes, bool copies)
    {
        (_client, _surelyTaken, _flags) = (client, maxBytes - Overhead, copies ? NativeMethods.Copy : 0);
        bool held = false;
        client.DangerousAddRef(ref held);
        _topic = NativeMethods.NewTopic(client.DangerousGetHandle(), name, 0);
        if (_topic != 0) return;
        client.DangerousRelease();
        throw new ArgumentException($"Topic {name}: librdkafka refuses it: {(ErrorCode)NativeMethods.LastError()}");
    }

    /// <summary>Queues samples of a batch from one on.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="from">The first to be queued.</param>
    /// <param name="refusal">Null, or why the one returned was not taken; a full queue is <see cref="ErrorCode.Local_QueueFull"/>.</param>
    /// <returns>The first that was not taken, or how many there are.</returns>
    public int Produce(OutputBatch batch, int from, out Error? refusal)
    {
        refusal = null;
        int next = from;
        // They are pinned beyond this call, which a client that does not copy relies on.
        fixed (byte* bytes = batch.Bytes)
        {
            while (next < batch.Count)
            {
                int count = Fill(batch, next, bytes);
                var first = (NativeMessage*)Marshal.UnsafeAddrOfPinnedArrayElement(_messages, 0);
                int taken = NativeMethods.Produce(_topic, NativeMethods.AnyPartition, _flags, first, count);
                if (taken == count)
                {
                    next += count;
                    continue;
                }
                int refused = 0;
                while (refused < count && _messages[refused].Error == 0) refused++;
                if (refused != taken) throw new InvalidOperationException($"Expected librdkafka to take {refused} records up to the first it refuses, found {taken} of {count}");
                refusal = NativeProducer.ErrorOf(_client.DangerousGetHandle(), _messages[refused].Error, null);
                return next + refused;
            }
        }
        return next;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMethods.DestroyTopic(_topic);
        _client.DangerousRelease();
    }

    /// <summary>Lays out the records of one call. The only error that one of them may have alone is its size: a large one is the last, so that none follows it.</summary>
    private int Fill(OutputBatch batch, int from, byte* bytes)
    {
        int count = 0;
        while (count < Most && from + count < batch.Count)
        {
            OutputRecord record = batch.Records[from + count];
            _messages[count++] = new NativeMessage
            {
                Partition = NativeMethods.AnyPartition,
                Key = bytes + record.KeyStart,
                KeyLength = (nuint)record.KeyLength,
                Value = bytes + record.ValueStart,
                ValueLength = (nuint)record.ValueLength,
            };
            if ((long)record.KeyLength + record.ValueLength > _surelyTaken) break;
        }
        return count;
    }
}
