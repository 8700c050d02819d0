using Confluent.Kafka;

namespace Pipeline.Blocks.Sources;

/// <summary>What the poll loop needs of a Kafka client: records of assigned partitions, without an object for each.</summary>
/// <remarks>Threading: the poll loop only. Errors: what cannot be waited out throws; see <see cref="ConfluentReader"/>.</remarks>
internal interface IKafkaReader
{
    /// <summary>Reads these partitions too, each from its offset.</summary>
    void Assign(IReadOnlyList<TopicPartitionOffset> partitions);

    /// <summary>Whether a pause costs nothing: what was fetched is kept, and handed over behind it.</summary>
    bool KeepsWhatIsPaused { get; }

    /// <summary>Hands over nothing of a partition for now.</summary>
    void Pause(TopicPartition partition);

    /// <summary>Reads a paused partition again, from where it was.</summary>
    void Resume(TopicPartition partition);

    /// <summary>Reads no more of a partition, for good.</summary>
    void Leave(TopicPartition partition);

    /// <summary>Hands over what there is, up to <paramref name="most"/> records; waits up to the timeout for the first, and tells the receiver so.</summary>
    void Poll(TimeSpan timeout, int most, IKafkaReceiver receiver);
}

/// <summary>Takes what a reader reads.</summary>
internal interface IKafkaReceiver
{
    /// <summary>A record; its bytes are the reader's again when the call returns.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="timestamp">Its timestamp, ms; <see cref="Records.SourcePartition.NoTime"/> for none.</param>
    /// <param name="value">Its value.</param>
    /// <param name="isNull">It has no value.</param>
    void OnRecord(string topic, int partition, long offset, long timestamp, ReadOnlySpan<byte> value, bool isNull);

    /// <summary>How far a partition is read, in event time, for a reader that can choose: it hands over of the one that is furthest behind.</summary>
    /// <returns>Ms, about; <see cref="Records.SourcePartition.NoTime"/> before its first event.</returns>
    long TimeReadTo(string topic, int partition);

    /// <summary>Nothing is there: the reader waits from now on.</summary>
    void BeginWait();

    /// <summary>The wait is over.</summary>
    void EndWait();

    /// <summary>A partition is read to its end (as the isolation level sees it); <paramref name="offset"/> is the next one that would be read.</summary>
    void OnEnd(string topic, int partition, long offset);
}
