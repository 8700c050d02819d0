using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class WindowTableFaultTests : IDisposable
{
    private const long T0 = 1_764_000_000_000;
    private readonly TemporaryDirectory _directory = new();
    private readonly FaultySegmentIo _io = new();

    private FasterWindowTable<ActionCells1> Open(IStoragePolicy? policy = null) => (FasterWindowTable<ActionCells1>)WindowTables.Open(new FasterTableOptions
    {
        Directory = _directory.Path,
        MemoryBytes = 0,
        ActionStreams = 1,
        Window = TimeSpan.FromMinutes(20),
        StoragePolicy = policy ?? NoRepeat.Instance,
        Io = _io,
    });

    public void Dispose() => _directory.Dispose();

    private static void OpenWindows(IWindowTable table, int from, int count)
    {
        for (int i = from; i < from + count; i++) table.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0, Action = -1, Ordinal = i });
    }

    [TestMethod]
    public void FullDisk_ThrowsInsteadOfWaitingForEver()
    {
        _io.WritesFail = true;
        using FasterWindowTable<ActionCells1> sut = Open();

        StateStorageException thrown = Assert.ThrowsExactly<StateStorageException>(() => OpenWindows(sut, 0, 100_000));

        StringAssert.Contains(thrown.Message, "No space left on device");
        Assert.ThrowsExactly<StateStorageException>(() => sut.Advance(T0));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void LostOrFailedRead_ThrowsInsteadOfForgettingTheWindow(bool endsEarly)
    {
        using FasterWindowTable<ActionCells1> sut = Open();
        OpenWindows(sut, 0, 5_000);
        _io.ReadsEndEarly = endsEarly;
        _io.ReadsFail = !endsEarly;

        Assert.ThrowsExactly<StateStorageException>(() => sut.TryRead(Keys.Of(0), out _, new ActionCell[1]));
        Assert.ThrowsExactly<StateStorageException>(() => sut.Apply(new WindowEvent { Key = Keys.Of(4_999), Time = T0, Action = 0 }));
    }

    [TestMethod]
    [DataRow(true, true, false)]
    [DataRow(true, true, true)]
    [DataRow(true, false, false)]
    [DataRow(false, true, false)]
    [DataRow(false, true, true)]
    [DataRow(false, false, false)]
    public void LostOrFailedReadAheadOrAtTheEnd_Throws(bool ahead, bool readsCold, bool endsEarly)
    {
        using FasterWindowTable<ActionCells1> sut = Open();
        sut.ReadsCold = readsCold;
        OpenWindows(sut, 0, 5_000);
        _io.ReadsEndEarly = endsEarly;
        _io.ReadsFail = !endsEarly;

        if (ahead) Assert.ThrowsExactly<StateStorageException>(() => sut.Prefetch([Keys.Of(0), Keys.Of(1)], T0));
        else Assert.ThrowsExactly<StateStorageException>(() => sut.TryReadLast(Keys.Of(0), 0, out _, new ActionCell[1]));
        Assert.ThrowsExactly<StateStorageException>(() => sut.Apply(new WindowEvent { Key = Keys.Of(4_999), Time = T0, Action = 0 }));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void SlowReadsAhead_Overlap(bool readsCold)
    {
        using FasterWindowTable<ActionCells1> sut = Open();
        sut.ReadsCold = readsCold;
        OpenWindows(sut, 0, 5_000);
        // Keys of one place in the index were read as they were opened.
        _io.Reads = 0;
        _io.ReadsAreSlow = true;

        sut.Prefetch([.. Enumerable.Range(0, 100).Select(static i => Keys.Of(i))], T0 + 1);

        Assert.IsGreaterThan(1, _io.ReadingThreads);
        Assert.IsLessThanOrEqualTo(8, _io.LonelyReads);
        for (int i = 0; i < 100; i++) Assert.AreEqual(WindowOutcome.Counted, sut.Apply(new WindowEvent { Key = Keys.Of(i), Time = T0 + 1, Action = 0 }).Outcome);
    }

    [TestMethod]
    public void DiskThatWasFullForAWhile_LosesNothing()
    {
        _io.FailingWrites = 20;
        using FasterWindowTable<ActionCells1> sut = Open(new Always());

        OpenWindows(sut, 0, 20_000);

        for (int i = 0; i < 20_000; i++)
        {
            Assert.IsTrue(sut.TryRead(Keys.Of(i), out WindowState state, new ActionCell[1]));
            Assert.AreEqual(i, state.Ordinal);
        }
        Assert.AreEqual(20L, sut.Counters.Repeats);
        Assert.IsNull(sut.Fault);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void SlowDisk_HoldsTheLaneWithinItsMemory(bool inSpan)
    {
        using FasterWindowTable<ActionCells1> sut = Open();
        _io.MayWrite.Reset();
        int applied = 0;
        Task lane = Task.Run(() =>
        {
            if (inSpan) sut.Enter();
            for (; applied < 20_000; applied++) sut.Apply(new WindowEvent { Key = Keys.Of(applied), Time = T0, Action = -1 });
            if (inSpan) sut.Leave();
        });

        Assert.IsFalse(lane.Wait(TimeSpan.FromMilliseconds(300)), "the lane waits for the disk");
        int held = Volatile.Read(ref applied);
        long memory = sut.MemoryBytes;
        _io.MayWrite.Set();
        Assert.IsTrue(lane.Wait(TimeSpan.FromSeconds(30)));

        Assert.IsLessThan(20_000, held);
        Assert.IsLessThanOrEqualTo(FasterTableLayout.FloorBytes, memory);
    }

    private sealed class Always : IStoragePolicy
    {
        public bool Repeat(DeviceFault failure, int attempt, CancellationToken stopping) => true;
    }
}
