using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>Per-partition watermarks, lateness, idleness and floors, and the join's watermark made of them.</summary>
/// <remarks>
/// <para><c>wm(p) = max accepted event time of p − D</c>, never below p's floor. An event is late when it is below the former as it arrives, late_idle when
/// only below the floor. This depends on p's order alone.</para>
/// <para>The join's watermark is the minimum over the streams; a stream's is the minimum over its partitions that are neither idle nor ended. While all of a
/// stream's partitions are idle its watermark stays where it was until the stream idle timeout has run; then it no longer counts. It never goes back.</para>
/// <para>Worked example, D = 10 s, idle timeout 30 s: click-0 has its last event at 10:00:00 and is caught up. Exposures go on to 10:05. A broker answer asked for
/// 30 s later makes click-0 idle; as it is the only click partition the watermark stays at 09:59:50 for the stream idle timeout of 10 min, then moves on to
/// 10:04:50. A click of 10:01 that comes now is late_idle: click-0's floor is 10:04:50. Pinned by <c>WatermarkTrackerTests</c>.</para>
/// Threading: one thread.
/// </remarks>
public sealed partial class WatermarkTracker
{
    private readonly PartitionDirectory _directory;
    private readonly TimeOptions _options;
    private readonly long _disorder;
    private readonly long _idleTimeout;
    private readonly long[] _streamTimeouts;
    private readonly long[] _streamWatermarks;
    private readonly long[] _streamIdleSince;
    private Partition[] _partitions = [];
    private long _clock = SourcePartition.NoTime;

    /// <summary>A tracker without partitions.</summary>
    /// <param name="directory">Where partitions are found by index.</param>
    /// <param name="options">D, idleness, mode.</param>
    /// <param name="streamIdleTimeouts">By stream.</param>
    public WatermarkTracker(PartitionDirectory directory, TimeOptions options, IReadOnlyList<TimeSpan> streamIdleTimeouts)
    {
        _directory = directory;
        _options = options;
        _disorder = (long)options.OutOfOrderness.TotalMilliseconds;
        _idleTimeout = (long)options.IdleTimeout.TotalMilliseconds;
        _streamTimeouts = [.. streamIdleTimeouts.Select(time => time == Timeout.InfiniteTimeSpan ? long.MaxValue : (long)time.TotalMilliseconds)];
        _streamWatermarks = new long[_streamTimeouts.Length];
        _streamIdleSince = new long[_streamTimeouts.Length];
        Array.Fill(_streamWatermarks, SourcePartition.NoTime);
        Array.Fill(_streamIdleSince, SourcePartition.NoTime);
    }

    /// <summary>The join's watermark; <see cref="SourcePartition.NoTime"/> before there is one, <see cref="long.MaxValue"/> when every partition ended.</summary>
    public long Watermark { get; private set; } = SourcePartition.NoTime;

    /// <summary>Greatest accepted event time of all partitions; <see cref="SourcePartition.NoTime"/> before the first.</summary>
    public long MaxEventTime { get; private set; } = SourcePartition.NoTime;

    /// <summary>The stream that holds the watermark; <see cref="PartitionDirectory.NoStream"/> for none.</summary>
    public int HoldingStream { get; private set; } = PartitionDirectory.NoStream;

    /// <summary>The partition that holds the watermark; null when an idle stream as a whole does, or nothing.</summary>
    public SourcePartition? HoldingPartition { get; private set; }

    /// <summary>A partition appears that <see cref="Begin"/> and <see cref="Restore"/> did not name: its floor is the join's watermark, or the last committed.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="position">Its first position.</param>
    /// <param name="now">Ms of the clock.</param>
    public void Appear(SourcePartition partition, long position, long now)
    {
        if (partition.Index < _partitions.Length && _partitions[partition.Index].Known) return;
        ref Partition state = ref Know(partition, now);
        state.Floor = Math.Max(Watermark, _committedWatermark);
        Note(ref state, partition, position, keep: true);
        Publish(partition, state);
    }

    /// <summary>Below which event times an event of the partition is late now: its own watermark, and its floor.</summary>
    public (long Own, long Floor) LateBelow(SourcePartition partition)
    {
        ref Partition state = ref _partitions[partition.Index];
        long own = state.Max == SourcePartition.NoTime ? SourcePartition.NoTime : state.Max - _disorder;
        if (_options.Mode == TimeMode.Processing) own = Math.Max(own, Watermark);
        return (own, partition.State == PartitionState.Idle ? Watermark : state.Floor);
    }

    /// <summary>An event time was accepted.</summary>
    /// <param name="partition">Where.</param>
    /// <param name="time">The event time.</param>
    /// <param name="now">Arrival, ms of the clock.</param>
    public void Accept(SourcePartition partition, long time, long now)
    {
        ref Partition state = ref _partitions[partition.Index];
        if (partition.State == PartitionState.Idle) ComeBack(ref state, partition);
        state.AcceptedAt = now;
        if (time > state.Max) state.Max = time;
        if (time > MaxEventTime) MaxEventTime = time;
        if (state.Current is not null && state.Max - _disorder >= state.Floor) Overtake(ref state);
    }

    /// <summary>The source says that the partition is read to its end, by an answer asked for at <paramref name="askedAt"/>.</summary>
    /// <param name="partition">Where.</param>
    /// <param name="position">The next position it will have.</param>
    /// <param name="askedAt">Ms of the clock.</param>
    public void CaughtUp(SourcePartition partition, long position, long askedAt)
    {
        ref Partition state = ref _partitions[partition.Index];
        state.WasCaughtUp = true;
        if (partition.State == PartitionState.Active && askedAt - state.AcceptedAt >= _idleTimeout) GoIdle(ref state, partition, position);
        _clock = Math.Max(_clock, askedAt);
    }

    /// <summary>The partition is read to the end of a bounded run: its watermark is +∞.</summary>
    public void End(SourcePartition partition)
    {
        _partitions[partition.Index].WasCaughtUp = true;
        partition.State = PartitionState.Ended;
    }

    /// <summary>Makes the join's watermark anew, after a batch or a tick.</summary>
    /// <param name="changed">The partition the batch was of; null for a tick.</param>
    /// <param name="now">Arrival, ms of the clock.</param>
    public void Update(SourcePartition? changed, long now)
    {
        if (changed is not null) Publish(changed, _partitions[changed.Index]);
        _clock = Math.Max(_clock, now);
        HoldingStream = PartitionDirectory.NoStream;
        HoldingPartition = null;
        long watermark = _options.Mode == TimeMode.Processing && IsCaughtUp() ? _clock - _disorder : OverStreams();
        _directory.IdleHolder = HoldingPartition is null ? HoldingStream : PartitionDirectory.NoStream;
        if (watermark > Watermark) Watermark = watermark;
    }

    /// <summary>Whether every partition has been read to its end once, also those that are registered and have sent nothing yet, and one goes on.</summary>
    private bool IsCaughtUp()
    {
        bool anyGoesOn = false;
        foreach (SourcePartition partition in _directory.All)
        {
            if (partition.Index >= _partitions.Length || !_partitions[partition.Index].WasCaughtUp) return false;
            anyGoesOn |= partition.State != PartitionState.Ended;
        }
        return anyGoesOn;
    }

    private long OverStreams()
    {
        long least = long.MaxValue;
        bool anyIdle = false;
        for (int stream = 0; stream < _streamWatermarks.Length; stream++)
        {
            (long watermark, SourcePartition? holder, bool idle) = OfStream(stream);
            if (idle && HasTimedOut(stream))
            {
                anyIdle = true;
                continue;
            }
            if (!idle) _streamIdleSince[stream] = SourcePartition.NoTime;
            _streamWatermarks[stream] = watermark;
            if (watermark >= least) continue;
            least = watermark;
            HoldingStream = stream;
            HoldingPartition = holder;
        }
        return least == long.MaxValue && anyIdle ? Watermark : least;
    }

    private bool HasTimedOut(int stream)
    {
        if (_streamIdleSince[stream] == SourcePartition.NoTime) _streamIdleSince[stream] = _clock;
        return _streamTimeouts[stream] != long.MaxValue && _clock - _streamIdleSince[stream] >= _streamTimeouts[stream];
    }

    private (long Watermark, SourcePartition? Holder, bool Idle) OfStream(int stream)
    {
        long least = long.MaxValue;
        SourcePartition? holder = null;
        bool idle = false;
        foreach (SourcePartition partition in _directory.All)
        {
            if (Array.IndexOf(partition.Streams, stream) < 0 || partition.State == PartitionState.Ended) continue;
            if (partition.State == PartitionState.Idle)
            {
                idle = true;
                continue;
            }
            long own = partition.Index < _partitions.Length && _partitions[partition.Index].Known ? partition.Watermark : SourcePartition.NoTime;
            if (holder is not null && own >= least) continue;
            least = own;
            holder = partition;
        }
        if (holder is not null) return (least, holder, false);
        return idle ? (_streamWatermarks[stream], null, true) : (long.MaxValue, null, false);
    }

    private void Publish(SourcePartition partition, in Partition state)
    {
        partition.MaxEventTime = state.Max;
        long own = state.Max == SourcePartition.NoTime ? SourcePartition.NoTime : state.Max - _disorder;
        partition.Watermark = partition.State == PartitionState.Ended ? long.MaxValue : Math.Max(own, state.Floor);
    }

    private struct Partition
    {
        public long Max;
        public long Floor;
        public long AcceptedAt;
        public long IdleAt;
        public Queue<PartitionFloor>? Recorded;
        public Entry? Current;
        public bool Known;
        public bool WasCaughtUp;
        public bool RefusedWhileIdle;
    }
}
