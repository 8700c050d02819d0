using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>One topic partition being read.</summary>
/// <remarks>Threading: the poll loop, except where a member says otherwise.</remarks>
/// <param name="partition">The registered partition.</param>
/// <param name="position">Offset to begin at.</param>
internal sealed class KafkaPartition(SourcePartition partition, long position)
{
    private volatile bool _atEnd;

    /// <summary>The registered partition.</summary>
    public SourcePartition Partition { get; } = partition;

    /// <summary>Its name at the client.</summary>
    public TopicPartition Id { get; } = new(partition.Source, partition.Number);

    /// <summary>The next offset to be handed over.</summary>
    public long Position { get; set; } = position;

    /// <summary>The batch being filled.</summary>
    public RecordBatch? Open { get; set; }

    /// <summary>Timestamp of the clock when <see cref="Open"/> was begun.</summary>
    public long OpenedAt { get; set; }

    /// <summary>Not read for now.</summary>
    public bool Paused { get; set; }

    /// <summary>Nothing follows.</summary>
    public bool Ended { get; set; }

    /// <summary>Read to what the isolation level shows. Read by the watch too.</summary>
    public bool AtEnd { get => _atEnd; set => _atEnd = value; }

    /// <summary>When its high watermark was last asked for, ms; the watch's alone.</summary>
    public long AskedAt { get; set; }
}
