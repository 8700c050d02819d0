using System.Diagnostics;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Tests.Fakes;
using Pipeline.Topology;

namespace Pipeline.Tests.Topologies;

/// <summary>A slow sink slows the sources and grows nothing; a fault stops everything with its first cause.</summary>
[TestClass]
public sealed class BackpressureTests
{
    [TestMethod]
    public async Task SinkThatStandsStill_StopsTheSource_AndNothingIsLost()
    {
        using var rig = new BackpressureRig();
        using var running = new RunningTopology(new SampleTopology(rig.Parts));

        await Eventually.Holds(() => rig.Source.IsBlocked, "the source waits for room");
        int readWhileStill = rig.Source.Sent;
        rig.Sink.Allow(3);
        await Eventually.Holds(() => rig.Sink.Written >= 3 && rig.Source.IsBlocked, "three batches are written and the source waits again");
        int readAfterThree = rig.Source.Sent;
        rig.Sink.Allow(int.MaxValue / 2);
        await running.Completion;

        // Each of the queues between source and sink holds at most its capacity of batches; what is in them is all that may be in flight.
        Assert.IsLessThan(60, readWhileStill);
        Assert.IsLessThan(readWhileStill + 30, readAfterThree);
        Assert.AreEqual(BackpressureRig.Batches, rig.Source.Sent);
        Assert.AreEqual(BackpressureRig.Batches * BackpressureRig.BatchRecords, rig.Sink.Samples);
    }

    [TestMethod]
    [DoNotParallelize] // A block that gets no core for 300 ms looks like one that stands.
    public async Task StandingSink_IsBusy_AndEveryBlockBeforeItIsBackPressured()
    {
        using var rig = new BackpressureRig();
        var topology = new SampleTopology(rig.Parts);
        using var running = new RunningTopology(topology);
        await StandsStillAsync(topology, rig, () => topology.Format.Block.OutputCount > 0);
        topology.Views.Look();
        Dictionary<BlockView, StageTimes> before = topology.Views.All.ToDictionary(block => block, block => block.Time.Read());

        await Eventually.Holds(() => LookAndRead().Wall > 0.5, "half a second passes");

        StageTimes LookAndRead()
        {
            topology.Views.Look();
            return topology.Views.All[0].Time.Read().Since(before[topology.Views.All[0]]);
        }

        foreach ((BlockView block, StageTimes then) in before)
        {
            StageTimes times = block.Time.Read().Since(then);
            Assert.AreEqual(times.Wall * times.Workers, times.Busy + times.BackPressured + times.Idle, 0.02 * times.Wall * times.Workers, block.FullName);
            if (block.Name == "sink") Assert.AreEqual(1, times.BusyShare, 0.02);
            else if (block.Name == "dead-letters") Assert.AreEqual(1, times.IdleShare, 0.02);
            // Partition stands before one lane; another may have handed on what it had, and is brought nothing.
            else if (block.Name == "join") Assert.AreEqual(0, times.BusyShare, 0.02, block.FullName);
            else Assert.IsGreaterThan(0.9, times.BackPressuredShare, $"{block.FullName}: {times}");
        }
        Assert.IsTrue(before.Any(static block => block.Key.Name == "join" && block.Key.Time.Read().Since(block.Value).BackPressuredShare > 0.9), "no lane stands");
        rig.Sink.Allow(int.MaxValue / 2);
        await running.Completion;
    }

    [TestMethod]
    public async Task SinkThatFails_StopsEverything_WithItsOwnCause()
    {
        using var rig = new BackpressureRig();
        rig.Sink.Failure = new IOException("the disk is gone");
        rig.Sink.Allow(5);
        using var running = new RunningTopology(new SampleTopology(rig.Parts));

        IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion);

        Assert.AreEqual("the disk is gone", cause.Message);
    }

    /// <summary>Senders notice the end of a block that has failed before it is torn down: what they throw must be its cause.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(8)]
    public async Task FormatterThatFails_StopsEverything_WithItsOwnCause(int workers)
    {
        for (int round = 0; round < 8; round++)
        {
            using var rig = new BackpressureRig();
            rig.Sink.Allow(int.MaxValue / 2);
            TopologyParts parts = rig.Parts with { Formatter = static () => new FailingFormatter(), Parallelism = rig.Parts.Parallelism with { Format = workers, BlockCapacity = 2 } };
            using var running = new RunningTopology(new SampleTopology(parts));

            IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion.WaitAsync(TimeSpan.FromSeconds(60)));

            Assert.AreEqual("cannot be formatted", cause.Message);
        }
    }

    /// <summary>Partition waits for room in the queue of a lane that then fails.</summary>
    [TestMethod]
    public async Task LaneThatFailsWhilePartitionWaits_StopsEverything_WithItsOwnCause()
    {
        using var table = new FailingTable();
        using var rig = new BackpressureRig(table: () => table);
        rig.Sink.Allow(int.MaxValue / 2);
        var topology = new SampleTopology(rig.Parts);
        using var running = new RunningTopology(topology);
        await StandsStillAsync(topology, rig, static () => true);

        table.Fail(new IOException("the table is gone"));

        IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.AreEqual("the table is gone", cause.Message);
    }

    [TestMethod]
    public async Task CancellationInsideAStage_IsAFault_NotALostBatch()
    {
        using var rig = new BackpressureRig();
        rig.Sink.Failure = new OperationCanceledException("a timeout of something inside the sink");
        rig.Sink.Allow(1);
        using var running = new RunningTopology(new SampleTopology(rig.Parts));

        StageFaultException cause = await Assert.ThrowsExactlyAsync<StageFaultException>(() => running.Completion);

        Assert.IsInstanceOfType<OperationCanceledException>(cause.InnerException);
    }

    /// <summary>Letters that fill every queue towards a stuck sink, which then fails: whoever waits for room is let go, and the cause comes out.</summary>
    [TestMethod]
    public async Task StuckDeadLetterSinkThatFails_StopsEverything_AlsoWhoWaitsForRoom()
    {
        using var rig = new BackpressureRig(lateHalf: true);
        rig.Sink.Allow(int.MaxValue / 2);
        using var running = new RunningTopology(new SampleTopology(rig.Parts));
        await Eventually.Holds(() => rig.Source.IsBlocked, "letters have filled the queues up to the source");
        Task<CheckpointBarrier?> barrier = running.PassBarrierAsync();

        rig.Letters.Fail(new IOException("no room for letters"));

        IOException cause = await Assert.ThrowsExactlyAsync<IOException>(() => running.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.AreEqual("no room for letters", cause.Message);
        Assert.IsNull(await barrier.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.IsTrue(running.StoodStill);
    }

    [TestMethod]
    public async Task Barrier_PassesBehindEverythingBeforeIt()
    {
        using var rig = new BackpressureRig();
        // Of 1,200: it cannot end before the barrier is asked for.
        rig.Sink.Allow(100);
        var topology = new SampleTopology(rig.Parts);
        using var running = new RunningTopology(topology);
        await Eventually.Holds(() => rig.Source.Sent > 20, "the flow is under way");

        Task<CheckpointBarrier?> passing = running.PassBarrierAsync();
        rig.Sink.Allow(int.MaxValue / 2);
        CheckpointBarrier? barrier = await passing;

        Assert.IsNotNull(barrier);
        Assert.AreEqual(1, rig.Sink.Flushes);
        Assert.IsGreaterThanOrEqualTo(20 * BackpressureRig.BatchRecords, topology.Partition.Cut!.Tracker.Partitions[0].Position);
        await running.Completion;
    }

    /// <summary>Waits until every queue from Partition's to the source's is full and nothing moves any more: Partition waits then.</summary>
    private static Task StandsStillAsync(SampleTopology topology, BackpressureRig rig, Func<bool> isFullBehind)
    {
        long moved = 0, at = 0;
        return Eventually.Holds(() =>
        {
            topology.Views.Look();
            long now = rig.Source.Sent + topology.Views.All.Sum(static block => block.Time.Read().Batches + block.Queued());
            if (now != moved) (moved, at) = (now, Stopwatch.GetTimestamp());
            // A machine that is short of time stands too, before the flow has filled the queues.
            bool isFull = topology.Parse.Block.OutputCount > 0 && topology.Partition.Input.InputCount > 0 && isFullBehind();
            return isFull && rig.Source.IsBlocked && Stopwatch.GetElapsedTime(at) > TimeSpan.FromMilliseconds(300);
        }, "everything stands");
    }
}
