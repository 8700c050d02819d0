using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>One topic partition being read.</summary>
/// <remarks>Threading: the poll loop, except where a member says otherwise.</remarks>
/// <param name="partition">The registered partition.</param>
/// <param name="position">Offset to begin at.</param>
internal sealed class KafkaPartition(SourcePartition partition, long position)
{
    // Records between two looks at how fast event time goes by: enough that jitter is small beside it.
    private const long PaceRecords = 1000;

    private volatile bool _atEnd;
    private (long Position, long Time) _paceFrom = (-1, SourcePartition.NoTime);
    private double? _msPerRecord;

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

    /// <summary>
    /// Event time of the next record, estimated: what is on its way to the block that knows the times is counted at the pace of what came before. Worked example:
    /// known is 10:00:00 at offset 5,000, read up to 9,000, and 1,000 records took 250 ms before: 10:00:01.
    /// </summary>
    /// <returns>Ms; <see cref="SourcePartition.NoTime"/> before the first event.</returns>
    public long TimeReadTo()
    {
        long known = Partition.MaxEventTime;
        return known == SourcePartition.NoTime ? known : known + (long)((Position - Partition.Position) * _msPerRecord.GetValueOrDefault());
    }

    /// <summary>
    /// Whether so many records may be in flight: any number once the pace is known. Before, a thin stream would be read far ahead in the time that a start takes to
    /// compile: a thousand seconds of event time, measured, of which every 64 ms then had a bucket of its own in every lane.
    /// </summary>
    /// <param name="atMost">Records in flight while the pace is not known.</param>
    public bool MayGoOn(int atMost)
    {
        long known = Math.Max(Partition.Position, Partition.Start);
        // One whose records are all refused has no times, and never will have a pace.
        bool hasNoTimes = Partition.MaxEventTime == SourcePartition.NoTime && known - Partition.Start >= 2 * PaceRecords;
        return _msPerRecord is not null || hasNoTimes || Position - known < atMost;
    }

    /// <summary>Takes the pace anew, now and then, and tells how far is read.</summary>
    public void TakePace()
    {
        Partition.ReadTo = TimeReadTo();
        (long position, long time) = (Partition.Position, Partition.MaxEventTime);
        if (time == SourcePartition.NoTime || position - _paceFrom.Position < PaceRecords) return;
        if (_paceFrom.Time != SourcePartition.NoTime) _msPerRecord = (time - _paceFrom.Time) / (double)(position - _paceFrom.Position);
        _paceFrom = (position, time);
    }

    /// <summary>When its high watermark was last asked for, ms; the watch's alone.</summary>
    public long AskedAt { get; set; }
}
