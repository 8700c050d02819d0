using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Blocks.Librdkafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads batches from the queue of Confluent.Kafka's consumer, with one native call for many records and no object for any.</summary>
/// <remarks>
/// The consumer assigns, pauses and resumes as ever: it is the same client and the same queue, on which librdkafka also serves the consumer's error and
/// other callbacks during <see cref="Poll"/>. Values are handed over where librdkafka has them, and copied by the receiver. Ownership: holds the client's
/// handle open until <see cref="Dispose"/>, which comes before the client's. Threading and errors: as <see cref="ConfluentReader"/>.
/// </remarks>
internal sealed unsafe class NativeReader : IKafkaReader, IDisposable
{
    /// <summary>Records a call may return.</summary>
    private const int Most = 1024;

    private readonly KafkaClient _client;
    private readonly SafeHandle _handle;
    private readonly nint _queue;
    // Pinned for its lifetime, for librdkafka writes pointers into it.
    private readonly nint[] _messages = GC.AllocateArray<nint>(Most, pinned: true);
    private readonly IReadOnlyList<string> _topics;
    private readonly Dictionary<nint, string> _names = [];
    private nint _topic;
    private string _name = "";

    /// <summary>Reads for a client, beside which nobody else consumes.</summary>
    /// <param name="client">The client.</param>
    /// <param name="topics">Its topics.</param>
    public NativeReader(KafkaClient client, IReadOnlyList<string> topics)
    {
        (_client, _topics) = (client, topics);
        _handle = ClientLibrary.HandleOf(client.Consumer.Handle);
        bool held = false;
        _handle.DangerousAddRef(ref held);
        _queue = NativeMethods.ConsumerQueue(_handle.DangerousGetHandle());
        if (_queue != 0) return;
        _handle.DangerousRelease();
        throw new InvalidOperationException("The client has no queue of a consumer");
    }

    /// <inheritdoc/>
    public void Assign(IReadOnlyList<TopicPartitionOffset> partitions) => _client.Consumer.IncrementalAssign(partitions);

    /// <inheritdoc/>
    public void Pause(TopicPartition partition) => _client.Consumer.Pause([partition]);

    /// <inheritdoc/>
    public void Resume(TopicPartition partition) => _client.Consumer.Resume([partition]);

    /// <inheritdoc/>
    /// <remarks>A call waits until it has all it was asked for; so it waits for one only, and takes what there is without waiting.</remarks>
    public void Poll(TimeSpan timeout, int most, IKafkaReceiver receiver)
    {
        most = Math.Min(most, Most);
        int count = Fetch(0, 0, most);
        if (count == 0)
        {
            count = Fetch(0, (int)timeout.TotalMilliseconds, 1);
            if (count > 0 && most > 1) count += Fetch(1, 0, most - 1);
        }
        int next = 0;
        try
        {
            for (; next < count; next++)
            {
                var message = (NativeMessage*)_messages[next];
                if (message->Error == 0) OnRecord(message, receiver);
                else OnEvent(message, receiver);
                // Nobody keeps anything of it: the receiver has copied the value.
                NativeMethods.Destroy(message);
            }
        }
        finally
        {
            // After a failure: that message, and the ones that were not looked at.
            for (; next < count; next++) NativeMethods.Destroy((NativeMessage*)_messages[next]);
        }
    }

    /// <summary>Gives the queue back and lets go of the client.</summary>
    public void Dispose()
    {
        NativeMethods.DestroyQueue(_queue);
        _handle.DangerousRelease();
    }

    /// <summary>Takes records into the array, each of which is this reader's to destroy.</summary>
    private int Fetch(int at, int timeoutMs, int most)
    {
        var first = (NativeMessage**)Marshal.UnsafeAddrOfPinnedArrayElement(_messages, at);
        nint count = NativeMethods.Consume(_queue, timeoutMs, first, (nuint)most);
        return count >= 0 ? (int)count : throw new InvalidOperationException($"rd_kafka_consume_batch_queue failed: {(ErrorCode)NativeMethods.LastError()}");
    }

    private void OnRecord(NativeMessage* message, IKafkaReceiver receiver)
    {
        long timestamp = NativeMethods.Timestamp(message, out int type);
        receiver.OnRecord(
            NameOf(message->Topic),
            message->Partition,
            message->Offset,
            type == (int)TimestampType.NotAvailable ? SourcePartition.NoTime : timestamp,
            new ReadOnlySpan<byte>(message->Value, (int)message->ValueLength),
            isNull: message->Value is null);
    }

    private void OnEvent(NativeMessage* message, IKafkaReceiver receiver)
    {
        var code = (ErrorCode)message->Error;
        if (code == ErrorCode.Local_PartitionEOF)
        {
            receiver.OnEnd(NameOf(message->Topic), message->Partition, message->Offset);
            return;
        }
        var error = new Error(code, NativeMethods.Text(NativeMethods.ErrorText(message)), isFatal: code == ErrorCode.Local_Fatal);
        if (KafkaErrors.IsTransient(error)) _client.Outage.Begin(error);
        else if (KafkaErrors.IsChange(error)) throw KafkaErrors.Changed(message->Topic == 0 ? _topics[0] : NameOf(message->Topic), message->Partition, message->Offset, error);
        else throw new KafkaException(error);
    }

    /// <summary>The name of a topic's handle. A handle lives as long as a partition of its topic is assigned, and none is given back before the client ends.</summary>
    private string NameOf(nint topic) => topic == _topic ? _name : FindName(topic);

    private string FindName(nint topic)
    {
        if (!_names.TryGetValue(topic, out string? name))
        {
            string found = NativeMethods.Text(NativeMethods.TopicName(topic));
            // The very string the partitions are registered under: comparing it then takes no time.
            name = _topics.FirstOrDefault(known => known == found) ?? found;
            _names.Add(topic, name);
        }
        (_topic, _name) = (topic, name);
        return name;
    }
}
