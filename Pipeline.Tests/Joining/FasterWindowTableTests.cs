using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class FasterWindowTableTests : WindowTableContract, IDisposable
{
    private const long Minute = 60_000;
    private const long T0 = 1_764_000_000_000;
    private readonly TemporaryDirectory _directory = new();

    protected override IWindowTable Open(int actionStreams, long windowMs, WindowAnchor anchor, bool keepActions = false) =>
        WindowTables.Open(Options(actionStreams, windowMs, anchor) with { KeepActions = keepActions });

    private FasterTableOptions Options(int actionStreams, long windowMs, WindowAnchor anchor) => new()
    {
        Directory = _directory.Path,
        MemoryBytes = 0,
        ActionStreams = actionStreams,
        Window = TimeSpan.FromMilliseconds(windowMs),
        Anchor = anchor,
        SegmentBytes = 16 << 10,
    };

    public void Dispose() => _directory.Dispose();

    [TestMethod]
    [DataRow(-1)]
    [DataRow(65)]
    public void ImpossibleNumberOfActionStreams_IsRefused(int actionStreams) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Open(actionStreams, Minute, WindowAnchor.Exposure));

    [TestMethod]
    public void ColdWindow_IsReadAndChangedAsAHotOne()
    {
        using var sut = (FasterWindowTable<ActionCells1>)Open(1, 20 * Minute, WindowAnchor.Exposure);
        const int windows = 5_000;
        for (int i = 0; i < windows; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = -1, Ordinal = i, Address = i });
        Assert.IsGreaterThan(windows * 72 / 2, sut.HeadAddress, "the first half of the windows is on disk");
        Assert.IsGreaterThan(0L, sut.DiskBytes);

        for (int i = 0; i < windows; i++)
            Assert.AreEqual(WindowOutcome.Counted, sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + Minute + i, Action = 0 }).Outcome);

        var cells = new ActionCell[1];
        for (int i = 0; i < windows; i++)
        {
            Assert.IsTrue(sut.TryRead(Keys.Of(i), out WindowState state, cells));
            Assert.AreEqual((i, T0 + i, 1u, (uint)Minute), ((int)state.Ordinal, state.Start, cells[0].Count, cells[0].FirstDelay));
        }
    }

    [TestMethod]
    public void WindowsTouchedWhileOnDisk_AreNotReadAgainAsTheyClose()
    {
        const long budget = 12 << 20;
        const int windows = 200_000;
        using var sut = (FasterWindowTable<ActionCells1>)WindowTables.Open(Options(1, 20 * Minute, WindowAnchor.Exposure) with { MemoryBytes = budget });
        for (int i = 0; i < windows; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = -1, Ordinal = i, Address = i });
        Assert.IsTrue(sut.KeepsTouched);
        for (int i = 0; i < windows; i += 20) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + Minute + i, Action = 0 });
        for (int i = windows; i < 2 * windows; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = -1, Ordinal = i, Address = i });
        Assert.IsLessThanOrEqualTo(budget, sut.MemoryBytes);
        long before = sut.Counters.Reads;

        var cells = new ActionCell[1];
        for (int i = 0; i < windows; i += 20)
        {
            Assert.IsTrue(sut.TryReadLast(Keys.Of(i), i, out WindowState state, cells));
            Assert.AreEqual((i, T0 + i, (long)i, 1u, (uint)Minute), ((int)state.Ordinal, state.Start, state.Payload, cells[0].Count, cells[0].FirstDelay));
        }

        Assert.AreEqual(before, sut.Counters.Reads);
    }

    [TestMethod]
    public void WindowsThatFitInMemory_LeaveTheLogAllOfIt()
    {
        using var sut = (FasterWindowTable<ActionCells1>)WindowTables.Open(Options(1, 20 * Minute, WindowAnchor.Exposure) with { MemoryBytes = 12 << 20 });
        for (int i = 0; i < 50_000; i++)
        {
            sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = -1, Ordinal = i });
            sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = 0 });
        }

        Assert.AreEqual(0L, sut.DiskBytes);
        Assert.IsFalse(sut.KeepsTouched);
    }

    [TestMethod]
    public void PrefetchedWindows_NeedNoFurtherReads()
    {
        using var sut = (FasterWindowTable<ActionCells1>)Open(1, 20 * Minute, WindowAnchor.Exposure);
        for (int i = 0; i < 5_000; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0, Action = -1, Ordinal = i });
        KeyHash[] keys = [.. Enumerable.Range(0, 100).Select(i => Keys.Of(i))];

        sut.Prefetch(keys, T0 + 1);
        long afterPrefetch = sut.Counters.Reads;
        foreach (KeyHash key in keys) sut.Apply(new WindowEvent { Key = key, Time = T0 + 1, Action = 0 });

        Assert.IsGreaterThanOrEqualTo(100L, afterPrefetch);
        Assert.AreEqual(afterPrefetch, sut.Counters.Reads);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void MoreWindowsThanAreReadTogether_AreAllBroughtIn_AlsoWhenAskedForTwice(bool readsCold)
    {
        const int asked = (2 * ColdRecords.Most) + 100;
        using var sut = (FasterWindowTable<ActionCells1>)WindowTables.Open(Options(1, 20 * Minute, WindowAnchor.Exposure) with { MemoryBytes = 5 << 20 });
        sut.ReadsCold = readsCold;
        for (int i = 0; i < 50_000; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0, Action = -1, Ordinal = i });
        long before = sut.Counters.Reads;

        sut.Prefetch([.. Enumerable.Range(0, asked).SelectMany(static i => new[] { Keys.Of(i), Keys.Of(i / 2) })], T0 + 1);

        long read = sut.Counters.Reads;
        Assert.IsGreaterThanOrEqualTo((long)asked, read - before);
        for (int i = 0; i < asked; i++)
        {
            WindowUpdate update = sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + 1, Action = 0 });
            Assert.AreEqual((WindowOutcome.Counted, (long)i), (update.Outcome, update.Ordinal));
        }
        Assert.AreEqual(read, sut.Counters.Reads);
        Assert.IsLessThanOrEqualTo(5L << 20, sut.MemoryBytes);
    }

    [TestMethod]
    public void WindowOnDiskThatCloses_CostsItsRecordAndNoMore()
    {
        const int record = 72;
        using var sut = (FasterWindowTable<ActionCells1>)Open(1, 20 * Minute, WindowAnchor.Exposure);
        for (int i = 0; i < 5_000; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = -1, Ordinal = i });
        long before = sut.Counters.BytesRead;

        Assert.IsTrue(sut.TryReadLast(Keys.Of(7), 7, out WindowState state, new ActionCell[1]));

        Assert.AreEqual((7L, T0 + 7), (state.Ordinal, state.Start));
        Assert.AreEqual(record, sut.Counters.BytesRead - before);
    }

    [TestMethod]
    public void BudgetThatTheIndexTakes_IsNotSpentOnTouchedStates()
    {
        // More than the 65,536 overflow buckets that the first chunk has, of seven windows each.
        const int windows = 600_000;
        using var sut = (FasterWindowTable<ActionCells1>)WindowTables.Open(Options(1, 20 * Minute, WindowAnchor.Exposure) with { MemoryBytes = 6 << 20 });
        bool kept = false;
        for (int i = 0; i < windows; i++)
        {
            sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = -1, Ordinal = i });
            sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + i, Action = 0 });
            kept |= sut.KeepsTouched;
        }

        Assert.IsTrue(kept);
        Assert.IsFalse(sut.KeepsTouched);
        var cells = new ActionCell[1];
        for (int i = 0; i < windows; i += 1_000)
        {
            Assert.IsTrue(sut.TryReadLast(Keys.Of(i), i, out WindowState state, cells));
            Assert.AreEqual((i, 1u), ((int)state.Ordinal, cells[0].Count));
        }
    }

    /// <summary>Two keys with one hash have one place in the index, which leads to the one that came last.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void KeysOfOneHash_AreToldApartOnDisk(bool readsCold)
    {
        const ulong golden = 0x9E3779B97F4A7C15;
        KeyHash first = new(12_345, 0), second = new(unchecked(12_345 - golden), 1);
        Assert.AreEqual(FasterWindowTable<ActionCells1>.HashOf(first), FasterWindowTable<ActionCells1>.HashOf(second));
        using var sut = (FasterWindowTable<ActionCells1>)Open(1, 20 * Minute, WindowAnchor.Exposure);
        sut.ReadsCold = readsCold;
        sut.Apply(new WindowEvent { Key = first, Time = T0, Action = -1, Ordinal = 0 });
        sut.Apply(new WindowEvent { Key = second, Time = T0, Action = -1, Ordinal = 1 });
        for (int i = 2; i < 5_000; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0, Action = -1, Ordinal = i });

        // The one that came last is brought in first, and then lies in memory before the other, which is still on disk.
        sut.Prefetch([second], T0 + 1);
        sut.Prefetch([first, second], T0 + 1);
        long reads = sut.Counters.Reads;
        Assert.IsGreaterThan(1L, reads);
        var cells = new ActionCell[1];
        foreach ((KeyHash key, long ordinal) in new[] { (first, 0L), (second, 1L) })
        {
            WindowUpdate update = sut.Apply(new WindowEvent { Key = key, Time = T0 + 1, Action = 0 });
            Assert.AreEqual((WindowOutcome.Counted, ordinal), (update.Outcome, update.Ordinal));
        }
        Assert.AreEqual(reads, sut.Counters.Reads);
        for (int i = 5_000; i < 10_000; i++) sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + 1, Action = -1, Ordinal = i });
        foreach ((KeyHash key, long ordinal) in new[] { (first, 0L), (second, 1L) })
        {
            Assert.IsTrue(sut.TryReadLast(key, ordinal, out WindowState state, cells));
            Assert.AreEqual((ordinal, 1u), (state.Ordinal, cells[0].Count));
        }
    }

    [TestMethod]
    public void LongTime_KeepsDiskAndMemoryBoundedWhileKeysComeAgain()
    {
        using var sut = (FasterWindowTable<ActionCells1>)Open(1, 64_000, WindowAnchor.Exposure);
        using var oracle = new MemoryWindowTable(1, 64_000, WindowAnchor.Exposure, keepActions: false);
        var cells = new ActionCell[1];
        var expected = new ActionCell[1];
        long ordinal = 0, writtenEarly = 0;
        for (int second = 0; second < 64 * 50; second++)
        {
            long time = T0 + (second * 1000L);
            sut.Advance(time);
            oracle.Advance(time);
            for (int i = 0; i < 20; i++)
            {
                KeyHash key = Keys.Of(((second * 20) + i) % 2_600);
                var applied = new WindowEvent { Key = key, Time = time, Action = i % 4 == 3 ? 0 : -1, Ordinal = ordinal, Address = ordinal };
                WindowUpdate update = sut.Apply(applied);
                Assert.AreEqual(oracle.Apply(applied), update);
                if (update.Outcome == WindowOutcome.Opened) ordinal++;
                bool found = oracle.TryRead(key, out WindowState state, expected);
                if (!found) continue;
                Assert.IsTrue(sut.TryRead(key, out WindowState actual, cells));
                Assert.AreEqual(state, actual);
                Assert.AreEqual(expected[0], cells[0]);
            }
            if (second == 64 * 5) writtenEarly = sut.Counters.BytesWritten;
        }

        // A window's worth of records is about 1,300 x 72 bytes; a step of marks, a page and a segment may stay behind.
        Assert.IsGreaterThan(20 * 72L * 1000, ordinal * 72L, "records of many windows were written");
        Assert.IsGreaterThan(writtenEarly * 5, sut.Counters.BytesWritten);
        Assert.IsTrue(SpinWait.SpinUntil(() => sut.DiskBytes < 200 << 10, TimeSpan.FromSeconds(30)), "segments behind the begin address are deleted");
        Assert.IsLessThanOrEqualTo(FasterTableLayout.FloorBytes, sut.MemoryBytes);
    }

    [TestMethod]
    public void EverythingThatFitsInMemory_IsNeverWritten()
    {
        using IWindowTable sut = WindowTables.Open(Options(1, 64_000, WindowAnchor.Exposure) with { MemoryBytes = 8 << 20 });
        for (int second = 0; second < 64 * 50; second++)
        {
            long time = T0 + (second * 1000L);
            sut.Advance(time);
            for (int i = 0; i < 100; i++) sut.Apply(new WindowEvent { Key = Keys.Of((second * 100) + i), Time = time, Action = -1 });
        }

        Assert.AreEqual(0L, sut.DiskBytes);
        Assert.IsLessThanOrEqualTo(8L << 20, sut.MemoryBytes);
    }

    [TestMethod]
    public void OrphanedActionsOfEverNewKeys_TakeNoMemory()
    {
        using IWindowTable sut = Open(1, Minute, WindowAnchor.Exposure);

        for (int i = 0; i < 600_000; i++)
            Assert.AreEqual(WindowOutcome.Orphaned, sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0, Action = 0 }).Outcome);
        sut.Prefetch([.. Enumerable.Range(600_000, 1000).Select(i => Keys.Of(i))], T0);

        Assert.IsLessThanOrEqualTo(FasterTableLayout.FloorBytes, sut.MemoryBytes);
    }
}
