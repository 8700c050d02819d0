using CsCheck;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Partitioning;

/// <summary>Floors are the one decision that does not come from the input: a replay must make the same ones, wherever it begins and however it interleaves.</summary>
[TestClass]
public sealed class FloorTests
{
    private const long Second = 1_000;
    private const long Minute = 60 * Second;
    private const long Ten = 1_764_064_800_000;

    [TestMethod]
    public void ReplayedFloor_RefusesTheSameEvents()
    {
        var first = new Flow(2);
        first.Begin();
        first.Feed(1, Ten);
        TrackerCut checkpoint = first.Cut();
        first.Feed(0, Ten + (5 * Minute));
        first.CatchUp(1, 30 * Second);
        first.CatchUp(1, 11 * Minute);
        first.Feed(1, Ten + Minute);
        Assert.AreEqual(Fate.LateIdle, first.Fates[(1, 1)]);

        var replay = new Flow(2);
        replay.Restore(checkpoint, first.Cut());
        replay.Feed(1, Ten + Minute);

        Assert.AreEqual(Fate.LateIdle, replay.Fates[(1, 1)], "click-1 is not idle in the replay, and yet");
    }

    [TestMethod]
    public void FloorOfAPartitionThatIsIdleAtTheCommit_IsTheWatermarkOfTheCommit()
    {
        var first = new Flow(2);
        first.Begin();
        first.Feed(1, Ten);
        TrackerCut checkpoint = first.Cut();
        first.Feed(0, Ten + (5 * Minute));
        first.CatchUp(1, 30 * Second);
        first.CatchUp(1, 11 * Minute);
        TrackerCut commit = first.Cut();
        Assert.HasCount(1, commit.Floors.Idle);

        var replay = new Flow(2);
        replay.Restore(checkpoint, commit);
        replay.Feed(1, commit.Watermark - 1, commit.Watermark);

        Assert.AreEqual(Fate.LateIdle, replay.Fates[(1, 1)], "samples up to the watermark are committed");
        Assert.AreEqual(Fate.OnTime, replay.Fates[(1, 2)]);
    }

    [TestMethod]
    public void PartitionThatAppeared_IsKnownToTheReplay_WithItsFloor()
    {
        var first = new Flow(1);
        first.Begin();
        first.Feed(0, Ten);
        TrackerCut checkpoint = first.Cut();
        first.Feed(0, Ten + (5 * Minute));
        long floor = first.Cut().Watermark;
        first.Appear(1);
        first.Feed(1, floor - 1, floor);
        first.Feed(0, Ten + (20 * Minute));

        var replay = new Flow(2);
        replay.Restore(checkpoint, first.Cut());
        replay.Feed(1, floor - 1, floor);

        Assert.AreEqual(Fate.LateIdle, replay.Fates[(1, 0)]);
        Assert.AreEqual(Fate.OnTime, replay.Fates[(1, 1)], "the floor is that of its appearance, not the watermark of the last commit");
    }

    [TestMethod]
    public void PartitionThatNeitherCheckpointNorCommitKnows_HasTheCommittedWatermarkAsItsFloor()
    {
        var first = new Flow(1);
        first.Begin();
        first.Feed(0, Ten);
        TrackerCut checkpoint = first.Cut();
        first.Feed(0, Ten + (5 * Minute));
        TrackerCut commit = first.Cut();

        var replay = new Flow(1);
        replay.Restore(checkpoint, commit);
        replay.Appear(1);
        replay.Feed(1, commit.Watermark - 1, commit.Watermark);

        Assert.AreEqual(Fate.LateIdle, replay.Fates[(1, 0)]);
        Assert.AreEqual(Fate.OnTime, replay.Fates[(1, 1)]);
    }

    [TestMethod]
    public void FloorThatRefusedNothing_IsForgottenOnceOvertaken()
    {
        var sut = new Flow(2);
        sut.Begin();
        sut.Feed(1, Ten);
        sut.Feed(0, Ten + (5 * Minute));
        sut.CatchUp(1, 30 * Second);
        sut.CatchUp(1, 11 * Minute);
        sut.Feed(1, Ten + (5 * Minute) - (5 * Second));
        Assert.HasCount(1, sut.Cut().Floors.Applied);

        sut.Feed(1, Ten + (6 * Minute));

        Assert.IsEmpty(sut.Cut().Floors.Applied);
        Assert.IsEmpty(sut.Cut().Floors.Idle);
    }

    /// <summary>
    /// Whatever was decided up to a commit, a replay from any checkpoint before it decides again, in any interleaving; and nothing that comes behind the commit
    /// belongs to what is committed.
    /// </summary>
    [TestMethod]
    public void AnyReplay_DecidesAgainAsBeforeTheCommit_AndRefusesWhatWouldChangeIt() =>
        Gen.Select(Gen.Int[1, 3], Steps, Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 1_000_000])
            .Sample((partitions, steps, at, more, seed) => AssertReplay(partitions, steps, Math.Min(at, steps.Length), Math.Min(at + more, steps.Length), seed), iter: Iterations.Of(2_000));

    // Which partition, what it does, and how far its event time and the clock move.
    private static readonly Gen<(int Partition, int Kind, int Time, int Clock)[]> Steps =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 9], Gen.Int[-90, 60], Gen.Int[0, 40]).Array[1, 80];

    private static void AssertReplay(int partitions, (int Partition, int Kind, int Time, int Clock)[] steps, int checkpointAt, int commitAt, int seed)
    {
        var first = new Flow(partitions);
        first.Begin();
        TrackerCut? checkpoint = null, commit = null;
        Dictionary<int, int> committed = [];
        for (int step = 0; step <= steps.Length; step++)
        {
            if (step == checkpointAt) checkpoint = first.Cut();
            if (step == commitAt) (commit, committed) = (first.Cut(), first.Log.ToDictionary(log => log.Key, log => log.Value.Count));
            if (step == steps.Length) break;
            (int partition, int kind, int time, int clock) = steps[step];
            first.Clock += clock * Second;
            if (partition >= first.Partitions) first.Appear(partition = first.Partitions);
            else if (kind < 4) first.CatchUp(partition, first.Clock);
            else first.Feed(partition, first.Newest(partition) + (time * Second));
        }

        var random = new Random(seed);
        var replay = new Flow(0);
        replay.Restore(checkpoint!, commit!);
        foreach (int partition in first.Log.Keys.Where(partition => partition >= replay.Partitions).Order()) replay.Appear(partition);
        Dictionary<int, int> next = first.Log.Keys.ToDictionary(partition => partition, partition => partition < checkpoint!.Partitions.Count ? (int)checkpoint.Partitions[partition].Position : 0);
        while (next.Any(at => at.Value < first.Log[at.Key].Count))
        {
            int[] open = [.. next.Where(at => at.Value < first.Log[at.Key].Count).Select(at => at.Key)];
            int partition = open[random.Next(open.Length)];
            replay.Feed(partition, first.Log[partition][next[partition]++]);
        }

        foreach ((int partition, List<long> log) in first.Log)
            for (int position = partition < checkpoint!.Partitions.Count ? (int)checkpoint.Partitions[partition].Position : 0; position < log.Count; position++)
            {
                Fate found = replay.Fates[(partition, position)];
                if (position < committed.GetValueOrDefault(partition)) Assert.AreEqual(first.Fates[(partition, position)], found, $"partition {partition}, position {position}");
                else if (log[position] < commit!.Watermark) Assert.AreNotEqual(Fate.OnTime, found, $"partition {partition}, position {position}: samples that it would change are committed");
            }
    }

    private enum Fate
    {
        OnTime,
        Late,
        LateIdle,
    }

    /// <summary>The stage where lateness is decided, fed one event at a time; partition 0 is the exposure stream's, the others are the click stream's.</summary>
    private sealed class Flow
    {
        private readonly PartitionDirectory _directory = new();
        private readonly Partitioner _partitioner;
        private readonly LaneBatch[] _lanes = [new LaneBatch()];

        public Flow(int partitions)
        {
            _partitioner = new Partitioner(
                new LaneMap(1), new WatermarkTracker(_directory, new TimeOptions(), [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)]), [0, 0], keepLetters: false);
            for (int partition = 0; partition < partitions; partition++) Register(partition);
        }

        public long Clock { get; set; }

        public int Partitions => _directory.Count;

        public Dictionary<int, List<long>> Log { get; } = [];

        public Dictionary<(int Partition, int Position), Fate> Fates { get; } = [];

        public long Newest(int partition) => Log.TryGetValue(partition, out List<long>? log) && log.Count > 0 ? log.Max() : Ten;

        public void Begin() => _partitioner.Begin(_directory.All, 0);

        public TrackerCut Cut() => _partitioner.Save().Tracker;

        public void Restore(TrackerCut checkpoint, TrackerCut commit)
        {
            IReadOnlyList<PartitionFloor> floors = FloorMerge.Of((checkpoint.Floors, checkpoint.Watermark), (commit.Floors, commit.Watermark));
            for (int partition = _directory.Count; partition < checkpoint.Partitions.Count; partition++) Register(partition);
            foreach (PartitionFloor floor in floors.OrderBy(static floor => floor.Number))
                if (floor.Number >= _directory.Count) Register(floor.Number);
            for (int partition = 0; partition < checkpoint.Partitions.Count; partition++) _read[partition] = (int)checkpoint.Partitions[partition].Position;
            _partitioner.Restore(new PartitionCut(checkpoint, new ulong[checkpoint.Partitions.Count], new PartitionLedger([0, 0])), floors, commit.Watermark, Clock);
        }

        public void Appear(int partition)
        {
            if (partition >= _directory.Count) Register(partition);
            Send(partition, [], PartitionNotice.Appeared, Clock);
        }

        public void CatchUp(int partition, long at)
        {
            Clock = at;
            Send(partition, [], PartitionNotice.CaughtUp, at);
        }

        public void Feed(int partition, params long[] times)
        {
            foreach (long time in times)
            {
                (long late, long lateIdle) = (_partitioner.Ledger.Late.Sum(), _partitioner.Ledger.LateIdle.Sum());
                int position = _read.GetValueOrDefault(partition);
                Send(partition, [time], PartitionNotice.None, Clock);
                Fates[(partition, position)] = _partitioner.Ledger.Late.Sum() > late ? Fate.Late : _partitioner.Ledger.LateIdle.Sum() > lateIdle ? Fate.LateIdle : Fate.OnTime;
            }
        }

        private readonly Dictionary<int, int> _read = [];

        private void Register(int partition)
        {
            _directory.Register("log", partition, [partition == 0 ? 0 : 1], hasTimestamps: false);
            Log[partition] = [];
        }

        private void Send(int partition, long[] times, PartitionNotice notice, long at)
        {
            int position = _read.GetValueOrDefault(partition);
            RecordBatch batch = ParsedBatch.Of(_directory[partition], [.. times.Select(time => new TestEvent(partition == 0 ? 0 : 1, "k", time))]);
            for (int record = 0; record < batch.RecordCount; record++) batch.Records[record] = batch.Records[record] with { Offset = position + record };
            batch.Notice = notice;
            batch.At = at;
            Log[partition].AddRange(times);
            batch.PositionAfter = _read[partition] = position + times.Length;
            _partitioner.Process(batch, _lanes, null);
            foreach (LaneBatch lane in _lanes) lane.Clear();
            batch.Release();
        }
    }
}
