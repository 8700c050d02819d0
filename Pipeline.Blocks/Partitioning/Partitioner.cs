using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>Decides lateness in each partition's own order, keeps the watermarks, and deals on-time events out to lanes.</summary>
/// <remarks>
/// A record is compared with its partition's watermark before any of its events raises it. Every accepted time raises it, also that of a filtered record or of
/// one without a key.
/// Threading: one thread. Ownership: lane batches belong to the caller, who hands them on; each that has events holds one lease on the record batch.
/// </remarks>
public sealed class Partitioner
{
    private readonly LaneMap _lanes;
    private readonly WatermarkTracker _tracker;
    private readonly bool _keepLetters;
    private long[] _positions = [];
    private ulong[] _fingerprints = [];
    private HotKeys? _hot;
    private SaltRule? _salts;

    /// <summary>A partitioner at the start.</summary>
    /// <param name="lanes">Which lane a key lives in.</param>
    /// <param name="tracker">The watermarks.</param>
    /// <param name="filters">Number of filters of each stream.</param>
    /// <param name="keepLetters">Whether rejected and late ones become dead letters.</param>
    public Partitioner(LaneMap lanes, WatermarkTracker tracker, int[] filters, bool keepLetters)
    {
        _lanes = lanes;
        _tracker = tracker;
        _keepLetters = keepLetters;
        Ledger = new PartitionLedger(filters);
    }

    /// <summary>What became of the records.</summary>
    public PartitionLedger Ledger { get; }

    /// <summary>What is hot; null where nothing is ever salted.</summary>
    public HotKeys? Hot => _hot;

    /// <summary>Salts hot keys' events. Before the first batch, and after <see cref="Restore"/>: what the checkpoint has accepted is not hot.</summary>
    public void Salt(HotKeys hot, SaltRule salts)
    {
        _hot = hot;
        _salts = salts;
        hot.Begin(_tracker.MaxEventTime);
    }

    /// <summary>The watermarks.</summary>
    public WatermarkTracker Tracker => _tracker;

    /// <summary>Positions the partitions are read to, by index; -1 for a partition not read yet.</summary>
    public ReadOnlySpan<long> Positions => _positions;

    /// <summary>Begins with partitions that are known before the first record, each at its <see cref="SourcePartition.Start"/>.</summary>
    public void Begin(IReadOnlyList<SourcePartition> partitions, long now)
    {
        _tracker.Begin(partitions, now);
        foreach (SourcePartition partition in partitions) Move(partition.Index, partition.Start, 0);
    }

    /// <summary>What a checkpoint keeps of this stage.</summary>
    public PartitionCut Save() => new(_tracker.Save(_positions), [.. _fingerprints], Ledger.Copy());

    /// <summary>Goes on from a checkpoint; see <see cref="WatermarkTracker.Restore"/>.</summary>
    public void Restore(PartitionCut cut, IReadOnlyList<PartitionFloor> floors, long committedWatermark, long now)
    {
        _tracker.Restore(cut.Tracker, floors, committedWatermark, now);
        _positions = [.. cut.Tracker.Partitions.Select(static mark => mark.Position)];
        _fingerprints = [.. cut.Fingerprints];
        Ledger.Take(cut.Ledger);
    }

    /// <summary>Takes a batch apart. Lane batches must be empty; each gets its events and the join's watermark behind them.</summary>
    /// <param name="batch">Parsed; its notice is taken after its records. A batch without a partition is a tick of the clock.</param>
    /// <param name="lanes">One a lane.</param>
    /// <param name="letters">Gets rejected and late records, if letters are kept.</param>
    /// <param name="salts">Each lane's salts', lane after lane; where there are any.</param>
    public void Process(RecordBatch batch, LaneBatch[] lanes, DeadLetterBatch? letters, LaneBatch[]? salts = null)
    {
        SourcePartition? partition = batch.Partition;
        if (partition is not null)
        {
            _tracker.Appear(partition, batch.PositionAfter, batch.At);
            Deal(batch, partition, lanes, letters, salts);
            Move(partition.Index, batch.PositionAfter, batch.Fingerprint);
            if (batch.Notice == PartitionNotice.CaughtUp) _tracker.CaughtUp(partition, batch.PositionAfter, batch.At);
            if (batch.Notice == PartitionNotice.Ended) _tracker.End(partition);
        }
        _tracker.Update(partition, batch.At);
        // Behind the time that it is known up to: sources take the two for a pace.
        if (partition is not null) partition.Position = batch.PositionAfter;
        FloorHistory floors = _tracker.Floors;
        foreach (LaneBatch lane in lanes) Fill(lane, batch, floors);
        if (_hot is null) return;
        foreach (LaneBatch salt in salts!) Fill(salt, batch, floors);
        if (partition is not null) _hot.Observe(batch, _tracker.MaxEventTime);
    }

    private void Fill(LaneBatch lane, RecordBatch batch, FloorHistory floors)
    {
        lane.Watermark = _tracker.Watermark;
        lane.Floors = floors;
        if (lane.Count == 0) return;
        lane.Records = batch;
        batch.AddLeases(1);
    }

    private void Deal(RecordBatch batch, SourcePartition partition, LaneBatch[] lanes, DeadLetterBatch? letters, LaneBatch[]? salts)
    {
        Ledger.SourceRecords += batch.RecordCount;
        foreach (int stream in partition.Streams) Ledger.Records[stream] += batch.RecordCount;
        ReadOnlySpan<ParsedEvent> events = batch.Events.AsSpan(0, batch.EventCount);
        int record = -1;
        long raise = SourcePartition.NoTime;
        (long own, long floor) = _tracker.LateBelow(partition);
        long floorAt = _tracker.NextFloorAt(partition);
        for (int i = 0; i < events.Length; i++)
        {
            ref readonly ParsedEvent parsed = ref events[i];
            if (parsed.Record != record)
            {
                record = parsed.Record;
                if (raise != SourcePartition.NoTime)
                {
                    _tracker.Accept(partition, raise, batch.At);
                    raise = SourcePartition.NoTime;
                    (own, floor) = _tracker.LateBelow(partition);
                }
                if (batch.Records[record].Offset >= floorAt) (own, floor, floorAt) = ReachFloor(partition, batch.Records[record].Offset);
            }
            if (parsed.TimeAccepted && parsed.Time > raise) raise = parsed.Time;
            if (parsed.Outcome != EventOutcome.Event)
            {
                Refuse(batch, parsed, letters);
                continue;
            }
            Ledger.Events[parsed.Stream]++;
            if (parsed.Time < own || parsed.Time < floor)
            {
                RefuseLate(batch, parsed, parsed.Time < own, letters);
                if (parsed.Time >= own) _tracker.Refused(partition);
                continue;
            }
            int lane = _lanes.LaneOf(parsed.Key);
            if (_hot is null || !_hot.IsHot(parsed.Key, parsed.Time)) lanes[lane].Add(i);
            else salts![(lane * _hot.Salts) + _salts!.Of(parsed, batch)].Add(i);
        }
        if (raise != SourcePartition.NoTime) _tracker.Accept(partition, raise, batch.At);
    }

    private (long Own, long Floor, long NextFloorAt) ReachFloor(SourcePartition partition, long position)
    {
        _tracker.ReachPosition(partition, position);
        (long own, long floor) = _tracker.LateBelow(partition);
        return (own, floor, _tracker.NextFloorAt(partition));
    }

    private void Refuse(RecordBatch batch, in ParsedEvent parsed, DeadLetterBatch? letters)
    {
        if (parsed.Outcome == EventOutcome.Filtered)
        {
            Ledger.Filtered[parsed.Stream][parsed.Filter]++;
            return;
        }
        Ledger.Rejected[parsed.Stream][(int)parsed.Outcome]++;
        if (_keepLetters) Write(letters!, batch, parsed, (DeadLetterReason)parsed.Outcome);
    }

    private void RefuseLate(RecordBatch batch, in ParsedEvent parsed, bool byOwn, DeadLetterBatch? letters)
    {
        (byOwn ? Ledger.Late : Ledger.LateIdle)[parsed.Stream]++;
        if (_keepLetters) Write(letters!, batch, parsed, byOwn ? DeadLetterReason.Late : DeadLetterReason.LateIdle);
    }

    private static void Write(DeadLetterBatch letters, RecordBatch batch, in ParsedEvent parsed, DeadLetterReason reason)
    {
        ref readonly RawRecord record = ref batch.Records[parsed.Record];
        ReadOnlySpan<byte> value = record.Length < 0 ? default : batch.Bytes.AsSpan(record.Start, record.Length);
        letters.Add(reason, parsed.Stream, batch.Partition!.Index, record.Offset, record.Timestamp, value, noValue: record.Length < 0);
    }

    private void Move(int partition, long position, ulong fingerprint)
    {
        if (partition >= _positions.Length)
        {
            int known = _positions.Length;
            Array.Resize(ref _positions, partition + 1);
            Array.Fill(_positions, -1, known, partition + 1 - known);
            Array.Resize(ref _fingerprints, partition + 1);
        }
        if (position < 0) return;
        _positions[partition] = position;
        _fingerprints[partition] = fingerprint;
    }
}
