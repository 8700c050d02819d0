using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Librdkafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads batches from the queues of Confluent.Kafka's consumer, with one native call for many records and no object for any.</summary>
/// <remarks>
/// The consumer assigns as ever: it is the same client, and librdkafka also serves its error and other callbacks during <see cref="Poll"/>. Each partition has its own
/// queue (<see cref="PartitionQueues"/>): the one furthest behind in event time is read next, and pausing costs nothing. Values are handed over where librdkafka has them, and
/// copied by the receiver. Ownership: holds the client's handle open until <see cref="Dispose"/>, which comes before the client's. Threading and errors: as <see cref="ConfluentReader"/>.
/// </remarks>
internal sealed unsafe class NativeReader : IKafkaReader, IDisposable
{
    /// <summary>Records a call may return.</summary>
    private const int Most = 1024;

    private readonly KafkaClient _client;
    private readonly SafeHandle _handle;
    private readonly PartitionQueues _queues;
    // Pinned for its lifetime, for librdkafka writes pointers into it.
    private readonly nint[] _messages = GC.AllocateArray<nint>(Most, pinned: true);
    private readonly IReadOnlyList<string> _topics;
    private readonly Dictionary<nint, string> _names = [];
    private readonly List<PartitionQueue> _order = [];
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
        try
        {
            _queues = new PartitionQueues(_handle.DangerousGetHandle());
        }
        catch
        {
            _handle.DangerousRelease();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Assign(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        if (partitions.Count == 0) return;
        _client.Consumer.IncrementalAssign(partitions);
        foreach (TopicPartitionOffset partition in partitions) _queues.Add(partition.TopicPartition);
    }

    /// <inheritdoc/>
    public bool KeepsWhatIsPaused => true;

    /// <inheritdoc/>
    public void Pause(TopicPartition partition) => _queues.Of(partition).Paused = true;

    /// <inheritdoc/>
    public void Resume(TopicPartition partition) => _queues.Of(partition).Paused = false;

    /// <inheritdoc/>
    public void Leave(TopicPartition partition)
    {
        Pause(partition);
        _client.Consumer.Pause([partition]);
    }

    /// <inheritdoc/>
    public void Poll(TimeSpan timeout, int most, IKafkaReceiver receiver)
    {
        most = Math.Min(most, Most);
        if (TakeAny(most, receiver)) return;
        receiver.BeginWait();
        _queues.Wait(timeout);
        receiver.EndWait();
        TakeAny(most, receiver);
    }

    /// <summary>Gives the queues back and lets go of the client.</summary>
    public void Dispose()
    {
        _queues.Dispose();
        _handle.DangerousRelease();
    }

    /// <summary>Hands over from the first queue that has anything: the consumer's, then the partitions', the one furthest behind first.</summary>
    private bool TakeAny(int most, IKafkaReceiver receiver)
    {
        if (Take(null, most, receiver)) return true;
        _order.Clear();
        for (int i = 0; i < _queues.Partitions.Count; i++)
        {
            PartitionQueue partition = _queues.Partitions[i];
            if (partition.Paused) continue;
            partition.Time = receiver.TimeReadTo(partition.Id.Topic, partition.Id.Partition.Value);
            _order.Add(partition);
        }
        // Without an event it is read first: nothing can be said of it.
        _order.Sort(static (left, right) => left.Time.CompareTo(right.Time));
        foreach (PartitionQueue partition in _order)
            if (Take(partition, most, receiver)) return true;
        return false;
    }

    private bool Take(PartitionQueue? from, int most, IKafkaReceiver receiver)
    {
        int count = Fetch(from?.Queue ?? _queues.Consumer, most);
        if (count == 0) return false;
        if (from is not null) from.Used = true;
        int next = 0;
        try
        {
            for (; next < count; next++)
            {
                var message = (NativeMessage*)_messages[next];
                if (message->Error == 0) OnRecord(message, from is null, receiver);
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
        return true;
    }

    /// <summary>Takes what there is into the array, without waiting; each is this reader's to destroy.</summary>
    private int Fetch(nint queue, int most)
    {
        var first = (NativeMessage**)Marshal.UnsafeAddrOfPinnedArrayElement(_messages, 0);
        nint count = NativeMethods.Consume(queue, 0, first, (nuint)most);
        return count >= 0 ? (int)count : throw new InvalidOperationException($"rd_kafka_consume_batch_queue failed: {(ErrorCode)NativeMethods.LastError()}");
    }

    private void OnRecord(NativeMessage* message, bool fromConsumer, IKafkaReceiver receiver)
    {
        string topic = NameOf(message->Topic);
        if (fromConsumer) CheckOrder(topic, message);
        long timestamp = NativeMethods.Timestamp(message, out int type);
        receiver.OnRecord(
            topic,
            message->Partition,
            message->Offset,
            type == (int)TimestampType.NotAvailable ? SourcePartition.NoTime : timestamp,
            new ReadOnlySpan<byte>(message->Value, (int)message->ValueLength),
            isNull: message->Value is null);
    }

    /// <summary>In the consumer's queue are only records from before the partition had its own, and that is read first. Else records would be passed over.</summary>
    private void CheckOrder(string topic, NativeMessage* message)
    {
        if (_queues.Of(new TopicPartition(topic, message->Partition)).Used)
            throw new InvariantException($"{topic}-{message->Partition}, offset {message->Offset}: expected in the partition's own queue, which was read from before, found in the consumer's");
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
