using Confluent.Kafka;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>The one thread that polls: sorts records by partition into batches and hands them over.</summary>
/// <remarks>
/// It never waits for the pipeline: up to <see cref="StashBatches"/> batches wait in the outbox, then records stay in the client's own bounded queue.
/// A stall that lasts pauses all partitions, so that polling goes on. Partitions too far ahead in event time are paused, and read again at half the
/// lead, for some readers throw away what was fetched; a reader that can choose reads of the partition that is furthest behind, so that few ever are.
/// </remarks>
internal sealed class KafkaPollLoop(SourceContext context, IKafkaReader reader, KafkaWatch watch, BatchOutbox outbox, KafkaOutage outage) : IKafkaReceiver
{
    /// <summary>Batches that may wait for the intake. A bound, 16 MiB; not measured.</summary>
    public const int StashBatches = 16;

    // About what a file's batch has. 2,048 records of the logs measured are half of it.
    private const int BatchBytes = 1 << 20;
    // Read in batches a record costs 0.7 to 0.8 µs of CPU, one by one 1.3 to 1.6 (perf/results/2026-11-24.md: "Kafka clients"); other sizes were not measured.
    private const int RecordsPerPoll = 256;
    // How long the gate, answers and old batches wait while nothing comes. Not measured.
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(10);
    // Not measured by itself: a small part of what samples are older by than asked for, 0.235 s in the median (perf/results/2026-11-29.md: "Age of samples").
    private static readonly TimeSpan BatchAge = TimeSpan.FromMilliseconds(20);
    // While the intake has more than it takes a batch gains nothing by being early, and each costs every stage some memory; but the watermark may wait for a thin partition's.
    // By time no difference to 20 ms is to be told (perf/results/2026-11-29.md: "Kafka → Kafka"); the memory is in "Allocation" there, with larger sample batches.
    private static readonly TimeSpan BatchAgeBehindOthers = TimeSpan.FromMilliseconds(100);
    // A replay passes much event time meanwhile: asked every 50 ms, partitions stood still at the greatest drift. No figures were kept.
    private static readonly TimeSpan GateInterval = TimeSpan.FromMilliseconds(10);
    // Far below the 300 s after which librdkafka takes a consumer that is not polled for dead. Not measured.
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(5);

    private readonly Dictionary<(string Topic, int Number), KafkaPartition> _partitions = [];
    private readonly SourceWork _work = new(context.Time);
    private KafkaPartition? _recent;
    private int _open;
    private int _left;
    private long _now;
    private long _gateAskedAt;
    private long _fullSince;

    /// <summary>Reads until every partition has ended or it is told to stop, with everything read handed over.</summary>
    public void Run(IReadOnlyList<KafkaPartition> partitions, Task watching, CancellationToken stop)
    {
        _work.Begin();
        try
        {
            Read(partitions, watching, stop);
        }
        finally
        {
            _work.End();
        }
    }

    private void Read(IReadOnlyList<KafkaPartition> partitions, Task watching, CancellationToken stop)
    {
        _now = _fullSince = context.Clock.GetTimestamp();
        Begin(partitions);
        while (_left > 0 && !stop.IsCancellationRequested)
        {
            if (outbox.Count < StashBatches || IsStalled) reader.Poll(PollWait, RecordsPerPoll, this);
            else WaitForRoom();
            _now = context.Clock.GetTimestamp();
            if (outbox.Count < StashBatches) _fullSince = _now;
            outbox.Pump();
            FlushAged();
            TakeAnswers();
            AskGate();
            outage.ThrowIfTooLong();
            if (watching.IsFaulted) watching.GetAwaiter().GetResult();
            // Without it no partition would ever be caught up again, and a reader that only waits looks like one that is well.
            if (watching.IsCompleted && !stop.IsCancellationRequested) throw new InvalidOperationException("The brokers are no longer asked for ends and new partitions, although nothing was stopped");
        }
        foreach (KafkaPartition partition in _partitions.Values)
            if (partition.Open is not null)
                Flush(partition, PartitionNotice.None, NowMs());
        while (outbox.Count > 0) WaitForRoom();
    }

    private void WaitForRoom()
    {
        _work.End();
        outbox.Wait(PollWait);
        _work.Begin();
    }

    /// <inheritdoc/>
    public void OnRecord(string topic, int partition, long offset, long timestamp, ReadOnlySpan<byte> value, bool isNull)
    {
        KafkaPartition from = Find(topic, partition);
        // What a paused and resumed partition hands over twice is dropped here.
        if (from.Ended || offset < from.Position) return;
        from.AtEnd = false;
        if (offset >= from.Partition.End)
        {
            End(from, assigned: true);
            return;
        }
        RecordBatch batch = from.Open ?? OpenBatch(from);
        if (isNull) batch.Add(new RawRecord(0, RawRecord.NullValue, offset, timestamp));
        else batch.Add(value, offset, timestamp);
        from.Position = offset + 1;
        if (from.Position >= from.Partition.End) End(from, assigned: true);
        else if (batch.RecordCount >= context.BatchRecords || batch.BytesUsed >= BatchBytes)
        {
            Flush(from, PartitionNotice.None, NowMs());
            PauseWhenAhead(from);
        }
    }

    /// <inheritdoc/>
    public void OnEnd(string topic, int partition, long offset)
    {
        KafkaPartition at = Find(topic, partition);
        if (at.Ended) return;
        bool passed = offset > at.Position;
        at.Position = Math.Max(at.Position, offset);
        at.AtEnd = true;
        if (at.Position >= at.Partition.End) End(at, assigned: true);
        // Markers and aborted records were passed over: untold, they would count as in flight, and hold the partition back for ever.
        else if (passed && at.Open is null) Flush(at, PartitionNotice.None, NowMs());
    }

    /// <inheritdoc/>
    public void BeginWait() => _work.End();

    /// <inheritdoc/>
    public void EndWait() => _work.Begin();

    /// <inheritdoc/>
    public long TimeReadTo(string topic, int partition) => _partitions[(topic, partition)].TimeReadTo();

    private bool IsStalled => context.Clock.GetElapsedTime(_fullSince, _now) >= StallLimit;

    private void Begin(IReadOnlyList<KafkaPartition> partitions)
    {
        foreach (KafkaPartition partition in partitions)
        {
            _partitions.Add((partition.Partition.Source, partition.Partition.Number), partition);
            Flush(partition, PartitionNotice.Appeared, NowMs());
        }
        _left += partitions.Count;
        watch.Follow(_partitions.Values);
        reader.Assign([.. partitions.Where(static partition => partition.Position < partition.Partition.End).Select(static partition => new TopicPartitionOffset(partition.Id, partition.Position))]);
        foreach (KafkaPartition partition in partitions)
            if (partition.Position >= partition.Partition.End)
                End(partition, assigned: false);
    }

    private KafkaPartition Find(string topic, int partition)
    {
        if (_recent is { } recent && recent.Partition.Number == partition && recent.Partition.Source == topic) return recent;
        return _recent = _partitions[(topic, partition)];
    }

    private RecordBatch OpenBatch(KafkaPartition partition)
    {
        _open++;
        partition.OpenedAt = _now;
        return partition.Open = context.Pool.Rent();
    }

    private void Flush(KafkaPartition partition, PartitionNotice notice, long at)
    {
        RecordBatch batch = partition.Open ?? OpenBatch(partition);
        partition.Open = null;
        _open--;
        batch.Partition = partition.Partition;
        batch.PositionAfter = partition.Position;
        batch.Notice = notice;
        batch.At = at;
        if (batch.RecordCount > 0) _work.HandedOn(batch.RecordCount);
        outbox.Add(batch);
    }

    private void End(KafkaPartition partition, bool assigned)
    {
        partition.Position = partition.Partition.End;
        partition.Ended = true;
        _left--;
        Flush(partition, PartitionNotice.Ended, NowMs());
        if (assigned) reader.Leave(partition.Id);
    }

    private void FlushAged()
    {
        if (_open == 0) return;
        TimeSpan age = outbox.Count > 0 ? BatchAgeBehindOthers : BatchAge;
        foreach (KafkaPartition partition in _partitions.Values)
            if (partition.Open is not null && context.Clock.GetElapsedTime(partition.OpenedAt, _now) >= age)
                Flush(partition, PartitionNotice.None, NowMs());
    }

    private void TakeAnswers()
    {
        while (watch.Ends.TryDequeue(out (KafkaPartition Partition, long AskedAt, long HighWatermark) answer))
        {
            KafkaPartition partition = answer.Partition;
            // What finds no room is asked for again a second later; kept, answers would pile up for as long as the intake stands still.
            if (outbox.Count >= StashBatches) continue;
            if (!partition.AtEnd || partition.Position < answer.HighWatermark) continue;
            if (partition.Open is not null) Flush(partition, PartitionNotice.None, NowMs());
            Flush(partition, PartitionNotice.CaughtUp, answer.AskedAt);
        }
        while (watch.Appeared.TryDequeue(out TopicPartitionOffset? added)) Appear(added);
    }

    private void Appear(TopicPartitionOffset added)
    {
        SourcePartition partition = context.Directory.Register(added.Topic, added.Partition.Value, context.Streams, hasTimestamps: true);
        partition.Start = added.Offset.Value;
        partition.Identity = _partitions.Values.FirstOrDefault(known => known.Partition.Source == added.Topic)?.Partition.Identity ?? "";
        Begin([new KafkaPartition(partition, added.Offset.Value)]);
    }

    /// <summary>A thin stream's batch may span minutes, so the gate is asked after each.</summary>
    private void PauseWhenAhead(KafkaPartition partition)
    {
        if (!reader.KeepsWhatIsPaused) return;
        partition.TakePace();
        if (partition.Paused || (IsFewEnough(partition) && context.Gate.MayRead(partition.Partition))) return;
        partition.Paused = true;
        reader.Pause(partition.Id);
    }

    private bool IsFewEnough(KafkaPartition partition) => !reader.KeepsWhatIsPaused || partition.MayGoOn(context.BatchRecords);

    private void AskGate()
    {
        if (context.Clock.GetElapsedTime(_gateAskedAt, _now) < GateInterval) return;
        _gateAskedAt = _now;
        bool stalled = IsStalled;
        foreach (KafkaPartition partition in _partitions.Values) partition.TakePace();
        long slowest = context.Gate.Slowest();
        foreach (KafkaPartition partition in _partitions.Values)
        {
            if (partition.Ended) continue;
            bool read = !stalled && IsFewEnough(partition) && (partition.Paused ? context.Gate.MayResume(partition.Partition, slowest) : context.Gate.MayRead(partition.Partition, slowest));
            if (read != partition.Paused) continue;
            partition.Paused = !read;
            if (read) reader.Resume(partition.Id);
            else reader.Pause(partition.Id);
        }
    }

    private long NowMs() => context.Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
