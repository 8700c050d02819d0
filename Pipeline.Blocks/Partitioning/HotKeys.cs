using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>Finds hot keys and says which events are salted, by event time, so that duplicates always go the same way.</summary>
/// <remarks>
/// A key that turns hot is hot for event times above every time accepted so far, and one that turns cool no longer is for times above those: whatever has come or will come
/// with one key and time is dealt alike. So a start begins with no key hot, above all times the checkpoint has accepted. What is hot depends on the order of arrival and on
/// sampling; no sample does.
/// Detection: of every batch about <see cref="SamplesPerBatch"/> events are counted in a sketch, halved every <see cref="HalfLifeMs"/> of event time. Hot above
/// <c>hot_share</c> by what is certain of the count, cool below half of it by all of the count.
/// Threading: Partition's; <see cref="Reading"/> any.
/// </remarks>
public sealed class HotKeys
{
    /// <summary>Events of a batch that are counted.</summary>
    /// <remarks>Looking for hot keys costs 2.5 ns an event, about a hundredth of its parsing (perf/results/2026-11-28.md: "Hot keys"). Other numbers were not measured.</remarks>
    public const int SamplesPerBatch = 64;

    /// <summary>Event time after which an event counts half, ms. Not measured: what is hot decides no sample.</summary>
    public const long HalfLifeMs = 10_000;

    // Bounds of a look-up, and how old a reading may be. Not measured.
    private const int MostHot = 64;
    private const int Slots = 256;
    private const int BatchesPerReading = 64;

    private readonly SkewOptions _options;
    private readonly LaneMap _lanes;
    private readonly SpaceSaving? _sketch;
    private readonly HotKey?[] _slots = new HotKey[Slots];
    private readonly List<HotKey> _hot = [];
    private readonly int[] _perLane;
    private readonly double _leastTotal;
    private long _forcedFrom;
    private long _halvedAt = SourcePartition.NoTime;
    private uint _batches;
    private volatile HotKeyReading[] _reading = [];

    /// <summary>Nothing hot; or, forced, everything.</summary>
    public HotKeys(SkewOptions options, LaneMap lanes)
    {
        _options = options;
        _lanes = lanes;
        _perLane = new int[lanes.Lanes];
        if (options.Mode == SkewMode.Auto) _sketch = new SpaceSaving((int)Math.Clamp(2 / options.HotShare, 32, 1024));
        // A share of less than a few events in all is chance.
        _leastTotal = 4 / options.HotShare;
        _forcedFrom = options.Mode == SkewMode.Force ? long.MinValue : long.MaxValue;
    }

    /// <summary>Number of salts of a lane.</summary>
    public int Salts => _options.Salts;

    /// <summary>What is hot, the most frequent first; may be some batches old.</summary>
    public IReadOnlyList<HotKeyReading> Reading => _reading;

    /// <summary>Keys that turned hot so far.</summary>
    public long TurnedHot { get; private set; }

    /// <summary>Begins above every event time that a checkpoint has accepted.</summary>
    public void Begin(long maxEventTime)
    {
        if (_options.Mode == SkewMode.Force && maxEventTime != SourcePartition.NoTime) _forcedFrom = maxEventTime + 1;
    }

    /// <summary>Whether events of a lane may be with its salts.</summary>
    public bool Salted(int lane) => _options.Mode == SkewMode.Force || _perLane[lane] > 0;

    /// <summary>Whether an event of this key and time is salted.</summary>
    public bool IsHot(KeyHash key, long time)
    {
        if (time >= _forcedFrom) return true;
        for (HotKey? hot = _slots[Slot(key)]; hot is not null; hot = hot.Next)
            if (time >= hot.From && time < hot.Until && hot.Key == key) return true;
        return false;
    }

    /// <summary>Looks at a batch that was dealt; keys turn hot or cool for times above <paramref name="maxEventTime"/>.</summary>
    public void Observe(RecordBatch batch, long maxEventTime)
    {
        if (_sketch is null || maxEventTime == SourcePartition.NoTime) return;
        Decay(maxEventTime);
        uint stride = Math.Max(1, (uint)batch.EventCount / SamplesPerBatch);
        bool changed = false;
        for (uint i = _batches++ % stride; i < batch.EventCount; i += stride)
        {
            ref readonly ParsedEvent parsed = ref batch.Events[i];
            if (parsed.Outcome != EventOutcome.Event) continue;
            int place = _sketch.Add(parsed.Key, stride);
            ulong certain = _sketch.CountOf(place) - _sketch.ErrorOf(place);
            if (certain >= _options.HotShare * _sketch.Total && _sketch.Total >= _leastTotal * stride) changed |= TurnHot(parsed, batch, maxEventTime);
        }
        if (_hot.Count > 0) changed |= Cool(maxEventTime);
        if (changed || (_hot.Count > 0 && _batches % BatchesPerReading == 0)) Publish();
    }

    /// <summary>Forgets keys that were hot for times below the watermark only: nothing on time comes with one. Once the salts know the watermark.</summary>
    public void Forget(long watermark)
    {
        for (int i = _hot.Count - 1; i >= 0; i--)
        {
            HotKey hot = _hot[i];
            if (hot.Until > watermark) continue;
            _hot.RemoveAt(i);
            _perLane[hot.Lane]--;
            Unlink(hot);
        }
    }

    private void Decay(long maxEventTime)
    {
        if (_halvedAt == SourcePartition.NoTime) _halvedAt = maxEventTime;
        for (int times = 0; maxEventTime - _halvedAt >= HalfLifeMs; times++)
        {
            if (times < 64) _sketch!.Halve();
            _halvedAt = times < 64 ? _halvedAt + HalfLifeMs : maxEventTime;
        }
    }

    private bool TurnHot(in ParsedEvent parsed, RecordBatch batch, long maxEventTime)
    {
        if (_hot.Count == MostHot || IsHotNow(parsed.Key)) return false;
        byte[] encoded = batch.Arena.AsSpan(parsed.KeyStart, parsed.KeyLength).ToArray();
        ref HotKey? slot = ref _slots[Slot(parsed.Key)];
        slot = new HotKey(parsed.Key, encoded, _lanes.LaneOf(parsed.Key), maxEventTime + 1) { Next = slot };
        _hot.Add(slot);
        _perLane[slot.Lane]++;
        TurnedHot++;
        return true;
    }

    private bool IsHotNow(KeyHash key)
    {
        for (HotKey? hot = _slots[Slot(key)]; hot is not null; hot = hot.Next)
            if (hot.Until == long.MaxValue && hot.Key == key) return true;
        return false;
    }

    private bool Cool(long maxEventTime)
    {
        bool changed = false;
        foreach (HotKey hot in _hot)
        {
            if (hot.Until != long.MaxValue || ShareOf(hot.Key) >= _options.HotShare / 2) continue;
            // Never before it was hot; where no time has passed since, it was hot for none.
            hot.Until = Math.Max(hot.From, maxEventTime + 1);
            changed = true;
        }
        return changed;
    }

    private double ShareOf(KeyHash key) => _sketch!.Find(key) is var place and >= 0 ? (double)_sketch.CountOf(place) / Math.Max(1, _sketch.Total) : 0;

    private void Publish() =>
        _reading =
        [
            .. _hot.Where(static hot => hot.Until == long.MaxValue)
                .Select(hot => new HotKeyReading(hot.Key, hot.Encoded, hot.Lane, ShareOf(hot.Key), _options.Salts))
                .OrderByDescending(static hot => hot.Share),
        ];

    private void Unlink(HotKey hot)
    {
        ref HotKey? slot = ref _slots[Slot(hot.Key)];
        if (slot == hot)
        {
            slot = hot.Next;
            return;
        }
        HotKey before = slot!;
        while (before.Next != hot) before = before.Next!;
        before.Next = hot.Next;
    }

    private static int Slot(KeyHash key) => (int)(key.Hi % Slots);
}
