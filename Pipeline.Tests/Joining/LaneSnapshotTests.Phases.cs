using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Joining;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Joining;

/// <content>Snapshots that are finished on another thread, while the lane goes on or cannot.</content>
public sealed partial class LaneSnapshotTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Memory of the window log: 0 spills every page, so that lane and snapshot write to the same files; the other keeps all of them.</summary>
    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(0, 2)]
    [DataRow(1 << 20, 0)]
    [DataRow(1 << 20, 2)]
    public void SnapshotsFinishedWhileTheLaneGoesOn_AreOfTheirBegin(int logMemory, int finishedAfter)
    {
        _logMemory = logMemory;
        var expected = new List<string>();
        using LaneJoin uninterrupted = Lane("whole", faster: false);
        foreach (int step in Enumerable.Range(0, 10)) Run(uninterrupted, expected, step);

        var found = new List<string>();
        LaneJoin sut = Lane("lost", faster: true);
        LaneFloor? before = null;
        for (int step = 0; step < 10; step++)
        {
            Run(sut, found, step);
            int emitted = found.Count;
            PendingSnapshot pending = Begin(sut, "lost", $"{step}");
            if (before is { } released) sut.KeepFrom(released);
            Task<LaneSnapshot>? finishing = finishedAfter == 0 ? Task.Run(pending.Finish) : null;
            // The lane goes so far that windows of the snapshot close, pages of it are let go, and its files would be deleted.
            for (int more = step + 1; more < step + 6; more++)
            {
                Run(sut, found, more);
                if (more == step + finishedAfter) finishing = Task.Run(pending.Finish);
            }
            before = finishing!.GetAwaiter().GetResult().Floor;
            found.RemoveRange(emitted, found.Count - emitted);
            sut.Dispose();
            sut = Restore("lost", $"{step}");
        }
        sut.Dispose();

        Assert.IsGreaterThan(5_000, expected.Count);
        CollectionAssert.AreEqual(expected, found);
    }

    [TestMethod]
    public void BeginSnapshot_WaitsForNoWrite_AndSoDoesTheLaneBehindIt()
    {
        _logMemory = 64 << 20;
        _tableMemory = 64 << 20;
        LaneJoin sut = Lane("lane", faster: true);
        Run(sut, [], 0);
        _tableIo.MayWrite.Reset();
        _snapshotIo.MayWrite.Reset();

        PendingSnapshot pending = Begin(sut, "lane", "one");
        Task<LaneSnapshot> finishing = Task.Run(pending.Finish);
        long opened = sut.Ledger.WindowsOpened;
        Run(sut, [], 1);

        Assert.IsGreaterThan(opened + 1_000, sut.Ledger.WindowsOpened);
        Assert.IsFalse(finishing.IsCompleted);
        _tableIo.MayWrite.Set();
        _snapshotIo.MayWrite.Set();
        Assert.IsTrue(finishing.Wait(Patience));
        sut.Dispose();
        Restore("lane", "one").Dispose();
    }

    [TestMethod]
    public void FullDisk_IsWaitedOut_AndTheSnapshotIsWhole()
    {
        var clock = new FakeTimeProvider();
        var reported = new List<DeviceFault>();
        _policy = new RepeatWrites(clock, Timeout.InfiniteTimeSpan, reported.Add);
        _snapshotIo.FailingWrites = 4;
        _snapshotIo.MostBytes = 1_000;
        LaneJoin sut = Lane("lane", faster: true);
        Run(sut, [], 0);

        Task<LaneSnapshot> finishing = Task.Run(Begin(sut, "lane", "one").Finish);
        Assert.IsTrue(SpinWait.SpinUntil(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return finishing.IsCompleted;
            },
            Patience));

        LaneSnapshot taken = finishing.Result;
        sut.Dispose();
        Restore("lane", "one").Dispose();
        string file = Path.Combine(_folder["lane/one"], LaneSnapshot.FileName);
        Assert.AreEqual(taken.Bytes, new FileInfo(file).Length);
        Assert.HasCount(1, reported);
        Assert.StartsWith($"State file {file}: write at 0: expected", reported[0].Message);
    }

    [TestMethod]
    public void DiskThatStaysFull_StopsTheSnapshot_NamingItsFile()
    {
        _snapshotIo.WritesFail = true;
        using LaneJoin sut = Lane("lane", faster: true);
        Run(sut, [], 0);

        PendingSnapshot pending = Begin(sut, "lane", "one");

        StateStorageException thrown = Assert.ThrowsExactly<StateStorageException>(() => pending.Finish());
        Assert.AreEqual(Path.Combine(_folder["lane/one"], LaneSnapshot.FileName), thrown.Fault!.File);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void FailedSync_StopsTheSnapshot_AndIsNotRepeated(bool ofTheTable)
    {
        var reported = new List<DeviceFault>();
        _policy = new RepeatWrites(new FakeTimeProvider(), Timeout.InfiniteTimeSpan, reported.Add);
        (ofTheTable ? _tableIo : _snapshotIo).SyncsFail = true;
        using LaneJoin sut = Lane("lane", faster: true);
        Run(sut, [], 0);

        PendingSnapshot pending = Begin(sut, "lane", "one");

        Assert.AreEqual("sync", Assert.ThrowsExactly<StateStorageException>(() => pending.Finish()).Fault!.Operation);
        Assert.IsEmpty(reported);
    }

    [TestMethod]
    public void LaneThatIsDisposedOf_CallsOffASnapshotThatWaitsForTheDisk()
    {
        _policy = new RepeatWrites(new FakeTimeProvider(), Timeout.InfiniteTimeSpan);
        _snapshotIo.WritesFail = true;
        LaneJoin sut = Lane("lane", faster: true);
        Run(sut, [], 0);
        Task<LaneSnapshot> finishing = Task.Run(Begin(sut, "lane", "one").Finish);
        Assert.IsTrue(SpinWait.SpinUntil(() => File.Exists(Path.Combine(_folder["lane/one"], LaneSnapshot.FileName)), Patience));

        sut.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => finishing.GetAwaiter().GetResult());
    }

    [TestMethod]
    public void SnapshotOfALaneDisposedOf_CannotBeFinished()
    {
        LaneJoin sut = Lane("lane", faster: true);
        PendingSnapshot pending = Begin(sut, "lane", "one");
        sut.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => pending.Finish());
    }

    [TestMethod]
    public void SnapshotsOneAtATime_AndEachFinishedOnce()
    {
        using LaneJoin sut = Lane("lane", faster: true);
        PendingSnapshot pending = Begin(sut, "lane", "one");

        Assert.ThrowsExactly<InvariantException>(() => Begin(sut, "lane", "two"));
        pending.Finish();
        Assert.ThrowsExactly<InvalidOperationException>(() => pending.Finish());
        Begin(sut, "lane", "two").Finish();
    }

    private PendingSnapshot Begin(LaneJoin lane, string name, string snapshot)
    {
        Directory.CreateDirectory(_folder[$"{name}/{snapshot}"]);
        return lane.BeginSnapshot(_folder[$"{name}/{snapshot}"]);
    }
}
