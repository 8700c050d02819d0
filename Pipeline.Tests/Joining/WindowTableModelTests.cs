using CsCheck;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

/// <summary>Random histories, applied as a lane applies them, must leave the FASTER table and the dictionary with the same answers, on disk or not.</summary>
[TestClass]
public sealed class WindowTableModelTests
{
    private const long T0 = 1_764_000_000_000;
    // Of 17 pages two are for touched states, some 100.
    private const long RoomForTouched = FasterTableLayout.OverflowChunkBytes + (100 << 10);

    // A gap in ms, a key, what it is (-1 an exposure, else an action's stream), and whether the lane prefetches, reads, enters or leaves here.
    private static readonly Gen<(int Gap, int Key, int Action, int Hint)[]> History =
        Gen.Select(Gen.Frequency((8, Gen.Int[0, 3]), (1, Gen.Int[0, 200])), Gen.Int[0, 4_000], Gen.Int[-2, 2], Gen.Int[0, 200])
            .Array[3_000, 8_000];

    [TestMethod]
    [DataRow(WindowAnchor.Exposure, false, 0, 10_000, true)]
    [DataRow(WindowAnchor.First, false, 0, 10_000, true)]
    [DataRow(WindowAnchor.First, true, 0, 10_000, true)]
    [DataRow(WindowAnchor.Exposure, false, RoomForTouched, 30_000, true)]
    [DataRow(WindowAnchor.First, true, RoomForTouched, 30_000, true)]
    [DataRow(WindowAnchor.Exposure, false, 0, 10_000, false)]
    [DataRow(WindowAnchor.First, true, RoomForTouched, 30_000, false)]
    public void AnyHistory_GivesTheSameUpdatesAndWindows(WindowAnchor anchor, bool keepActions, long memory, int windowMs, bool readsCold)
    {
        long coldRuns = 0, reclaimedRuns = 0, touchedRuns = 0;

        History.Sample(history =>
        {
            using var directory = new TemporaryDirectory();
            using var sut = (FasterWindowTable<ActionCells4>)WindowTables.Open(new FasterTableOptions
            {
                Directory = directory.Path,
                MemoryBytes = memory,
                ActionStreams = 3,
                Window = TimeSpan.FromMilliseconds(windowMs),
                Anchor = anchor,
                KeepActions = keepActions,
                SegmentBytes = 16 << 10,
            });
            Assert.IsTrue(sut.ReadsCold);
            sut.ReadsCold = readsCold;
            using var oracle = new MemoryWindowTable(3, windowMs, anchor, keepActions);
            new Lane(sut, oracle, windowMs).Run(history);
            if (sut.Counters.Reads > 0 && sut.DiskBytes > 0) coldRuns++;
            if (sut.BeginAddress > 4096) reclaimedRuns++;
            if (sut.KeepsTouched) touchedRuns++;
        }, iter: 30, threads: 1);

        Assert.IsGreaterThan(15L, coldRuns, $"most histories outgrow the memory ({touchedRuns} with touched states)");
        Assert.IsGreaterThan(10L, reclaimedRuns, "many histories outlive windows");
        if (memory > 0) Assert.IsGreaterThan(15L, touchedRuns, "most histories have touched states beside the log");
    }

    /// <summary>Reads each window as it ends, before an event at or after its end is applied.</summary>
    private sealed class Lane(IWindowTable sut, IWindowTable oracle, int windowMs)
    {
        private readonly Queue<(KeyHash Key, long Start, long Ordinal)> _open = new();
        private readonly ActionCell[] _cells = new ActionCell[3];
        private readonly ActionCell[] _expected = new ActionCell[3];
        private long _ordinal;

        public void Run((int Gap, int Key, int Action, int Hint)[] history)
        {
            long time = T0;
            bool entered = false;
            for (int i = 0; i < history.Length; i++)
            {
                time += history[i].Gap;
                Close(time);
                if (history[i].Hint == 0) sut.Prefetch([.. history.Skip(i).Take(100).Select(next => Keys.Of(next.Key))], time);
                if (history[i].Hint is 2 or 3 or 4 or 5)
                {
                    if (entered) sut.Leave();
                    else sut.Enter();
                    entered = !entered;
                }
                if (history[i].Hint == 1) CheckRead(Keys.Of(history[i].Key));
                Apply(new WindowEvent
                {
                    Key = Keys.Of(history[i].Key),
                    Time = time,
                    Action = Math.Max(history[i].Action, -1),
                    Ordinal = _ordinal,
                    Address = i,
                });
            }
            Close(long.MaxValue);
            if (entered) sut.Leave();
        }

        private void Apply(WindowEvent applied)
        {
            WindowUpdate update = sut.Apply(applied);
            Assert.AreEqual(oracle.Apply(applied), update);
            if (update.Outcome != WindowOutcome.Opened) return;
            _open.Enqueue((applied.Key, applied.Time, _ordinal));
            _ordinal++;
        }

        private void Close(long time)
        {
            while (_open.TryPeek(out (KeyHash Key, long Start, long Ordinal) first) && first.Start + windowMs <= time)
            {
                Assert.IsTrue(oracle.TryReadLast(first.Key, first.Ordinal, out WindowState expected, _expected));
                Assert.IsTrue(sut.TryReadLast(first.Key, first.Ordinal, out WindowState state, _cells));
                Assert.AreEqual(expected, state);
                CollectionAssert.AreEqual(_expected, _cells);
                Assert.AreEqual((first.Start, first.Ordinal), (state.Start, state.Ordinal));
                _open.Dequeue();
            }
            sut.Advance(time);
            oracle.Advance(time);
        }

        private void CheckRead(KeyHash key)
        {
            // A window that ended is as good as absent: only open ones are compared.
            if (!oracle.TryRead(key, out WindowState expected, _expected)) return;
            Assert.IsTrue(sut.TryRead(key, out WindowState actual, _cells));
            Assert.AreEqual(expected, actual);
            CollectionAssert.AreEqual(_expected, _cells);
        }
    }
}
