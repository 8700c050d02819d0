using Pipeline.Generation;

namespace Pipeline.Tests.Crashes;

/// <summary>
/// A seeded log in the order in which it is written: the synthetic log's exposures and clicks with repeats, some of them held back until they are late, and
/// some records cut off. What becomes of each is decided by its partition's order alone, so that the log has one result.
/// </summary>
internal sealed class CrashLog
{
    private const double LateShare = 0.01, CutShare = 0.005;
    private const ulong Fates = 17;

    /// <summary>Event time: a window of 20 s holds 4 000 exposures of 10 000 keys, so that many are merged and clicked.</summary>
    private const double ExposuresPerSecond = 200;

    private readonly SyntheticLog _log;
    private readonly ulong _seed;
    private readonly PriorityQueue<(bool IsExposure, int Partition, byte[] Line), long> _held = new();
    private ulong _drawn;

    /// <param name="seed">Another seed, another log.</param>
    /// <param name="exposures">How many; <see cref="long.MaxValue"/>: no end.</param>
    public CrashLog(ulong seed, long exposures)
    {
        _seed = seed;
        _log = new SyntheticLog(new SyntheticLogOptions
        {
            Seed = seed,
            Exposures = exposures,
            Rate = ExposuresPerSecond,
            Ctr = 0.3,
            Users = 200,
            Items = 50,
            DelayMean = TimeSpan.FromSeconds(8),
            Disorder = CrashScenario.OutOfOrderness / 2,
            Duplicates = 0.02,
            Partitions = CrashScenario.Partitions,
        });
    }

    /// <summary>Of the current record.</summary>
    public bool IsExposure { get; private set; }

    /// <summary>Its partition.</summary>
    public int Partition { get; private set; }

    /// <summary>Its bytes, the caller's to keep.</summary>
    public byte[] Line { get; private set; } = [];

    /// <summary>No event so far has a later time; ms.</summary>
    public long Arrival => _log.Arrival;

    /// <summary>Goes to the next record; false at the end.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            if (_held.TryPeek(out _, out long due) && due <= _log.Arrival) return Take(_held.Dequeue());
            if (!_log.MoveNext()) return _held.Count > 0 && Take(_held.Dequeue());
            (bool IsExposure, int Partition, byte[] Line) next = (_log.IsExposure, _log.Partition, _log.Line.ToArray());
            double fate = new SplitMix64(_seed, _drawn++, Fates).Unit();
            if (fate >= LateShare) return Take(fate < LateShare + CutShare ? next with { Line = next.Line[..^3] } : next);
            _held.Enqueue(next, _log.Arrival + 3 * (long)CrashScenario.OutOfOrderness.TotalMilliseconds);
        }
    }

    private bool Take((bool IsExposure, int Partition, byte[] Line) next)
    {
        (IsExposure, Partition, Line) = next;
        return true;
    }
}
