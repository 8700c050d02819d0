using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Telemetry;
using Pipeline.Metrics;
using Pipeline.Reports;

namespace Pipeline.Tests.Reports;

[TestClass]
public sealed class VerdictTests
{
    [TestMethod]
    public void SlowSink_IsNamed_AlsoWhereOthersAreBusyBeforeIt()
    {
        string verdict = Verdict.Of(Now(Block("parse", 0.9), Block("join", 0.4, 0.5, lane: 0), Block("format", 0.02, 0.95), Block("sink", 0.98)));

        Assert.AreEqual("sink is busy 98 %: the output takes no more and everything before it waits; make the broker or the disk faster, no flag of this program does", verdict);
    }

    [TestMethod]
    public void ParserWithTooFewWorkers_GetsOneMore() => Assert.AreEqual(
        "parse is busy 97 %, join waits: try --parse-parallelism 3",
        Verdict.Of(Now(Block("parse", 0.97), Block("join", 0.3, lane: 0), Block("join", 0.2, lane: 1), Block("sink", 0.1))));

    [TestMethod]
    public void ParserOnAFullMachine_GetsNoMoreWorkers() => Assert.AreEqual(
        "parse is busy 97 %, join keeps up: all 2 CPUs are at work; more CPUs, not --parse-parallelism, would help",
        Verdict.Of(Now(Block("parse", 0.97), Block("join", 0.83, 0.1, lane: 0)) with { Cpus = 2, CpuShare = 0.97 }));

    [TestMethod]
    public void StarvedParser_IsNotBlamed() => Assert.AreEqual(
        "sources give no more: nothing to turn",
        Verdict.Of(Now(Block("parse", 0.05), Block("join", 0.02, lane: 0), Block("sink", 0.01)) with { IsCaughtUp = true }));

    [TestMethod]
    public void ParserThatReadingStarves_IsNotBlamed() => Assert.AreEqual(
        "reading is the slowest part: 12,000 wait to be read and every block waits for more (the busiest, parse, is busy 30 %); for topics try a larger fetch (properties: fetch.max.bytes, max.partition.fetch.bytes)",
        Verdict.Of(Now(Block("parse", 0.3), Block("sink", 0.1)) with { Lag = 12_000 }));

    [TestMethod]
    public void BusySource_IsNamed() => Assert.AreEqual(
        "source-1 is busy 96 %, parse waits: one thread reads a source; streams whose sources differ are read by a thread each, else a second job with a part of the topics",
        Verdict.Of(Now(Block("source", 0.2, lane: 0), Block("source", 0.96, lane: 1), Block("parse", 0.3), Block("sink", 0.1)) with { Lag = 12_000, Cpus = 8, CpuShare = 0.3 }));

    [TestMethod]
    public void BusySourceOnAFullMachine_WantsCpus() => Assert.AreEqual(
        "source is busy 96 %; all 2 CPUs are at work (95 %): more CPUs would help, no flag",
        Verdict.Of(Now(Block("source", 0.96), Block("parse", 0.3)) with { Cpus = 2, CpuShare = 0.95 }));

    [TestMethod]
    public void StoppedPartition_IsNamedAsTheHolder() => Assert.AreEqual(
        "waits for click-7, 61 s behind: windows stay open and the other partitions are not read further; see what became of its writer, or set idle_timeout and stream_idle_timeout",
        Verdict.Of(Now(Block("parse", 0.01), Block("sink", 0)) with { Holder = "click-7", HolderBehind = TimeSpan.FromSeconds(61), Lag = 5_000 }));

    [TestMethod]
    public void PartitionWithoutAnEvent_IsNamedAsTheHolder() => Assert.StartsWith(
        "waits for click-7, which has no event yet: ",
        Verdict.Of(Now(Block("parse", 0.01)) with { Holder = "click-7", HolderIsEmpty = true, Lag = 5_000 }));

    [TestMethod]
    public void PartitionThatIsBehindAndBeingRead_IsNotTheCause()
    {
        VerdictInput now = Now(Block("parse", 0.97), Block("join", 0.2, lane: 0)) with { Holder = "click-7", HolderBehind = TimeSpan.FromMinutes(9), HolderMoves = true };

        Assert.StartsWith("parse is busy", Verdict.Of(now));
        Assert.StartsWith("reading is the slowest part", Verdict.Of(now with { Blocks = [Block("parse", 0.2)], Lag = 1 }));
    }

    [TestMethod]
    public void BusyLanes_GetMore() => Assert.AreEqual(
        "join-1 is busy 95 %, format waits: try --lanes 8 (taken at a start with empty state)",
        Verdict.Of(Now(Block("join", 0.92, lane: 0), Block("join", 0.95, lane: 1), Block("format", 0.1)) with { Cpus = 8, CpuShare = 0.5 }));

    [TestMethod]
    public void OneBusyLane_IsAHotKey_WhichLanesDoNotPart() => Assert.AreEqual(
        "join-1 is busy 95 %, the other lanes 20 % or less: a few keys have most of the events; a key stays in one lane, more lanes do not part it; --skew-mode auto spreads a hot key's work",
        Verdict.Of(Now(Block("join", 0.2, lane: 0), Block("join", 0.95, lane: 1), Block("join", 0.1, lane: 2), Block("format", 0.1))));

    [TestMethod]
    public void OneBusyLane_OfASaltedJob_IsNotTurned() => Assert.AreEqual(
        "join-1 is busy 95 %, the other lanes 20 % or less: a few keys have most of the events; a key stays in one lane, more lanes do not part it",
        Verdict.Of(Now(Block("salt", 0.1, lane: 0), Block("join", 0.2, lane: 0), Block("join", 0.95, lane: 1), Block("format", 0.1))));

    [TestMethod]
    public void BusySalts_GetOneMore() => Assert.AreEqual(
        "salt-1 is busy 95 %, join waits: a few keys have most of the events; try --salts 2",
        Verdict.Of(Now(Block("salt", 0.95, lane: 1), Block("join", 0.2, lane: 1), Block("format", 0.1))));

    [TestMethod]
    public void BusyFormatter_GetsOneMore() => Assert.AreEqual(
        "format is busy 93 %, sink waits: try --format-parallelism 2", Verdict.Of(Now(Block("join", 0.3, 0.6, lane: 0), Block("format", 0.93), Block("sink", 0.4))));

    [TestMethod]
    public void BusyPartitioner_IsOneThread() => Assert.StartsWith("partition is busy 99 %, join waits: it is one thread by design; try --batch-records 4096", Verdict.Of(Now(Block("partition", 0.99), Block("join", 0.1, lane: 0))));

    [TestMethod]
    public void WhatIsAway_ComesFirst() => Assert.AreEqual(
        "waits for Topic samples at broker:9092: timed out; goes on by itself when it is back",
        Verdict.Of(Now(Block("sink", 1)) with { Outages = [new Outage(OutageKind.Sink, "Topic samples at broker:9092", "timed out")] }));

    [TestMethod]
    public void AllCpusAtWork_WithoutABusyBlock_AreNamed() => Assert.AreEqual(
        "no block is busy all the time; all 2 CPUs are at work (96 %): more CPUs would help, no flag",
        Verdict.Of(Now(Block("parse", 0.6), Block("join", 0.7, lane: 0)) with { Cpus = 2, CpuShare = 0.96, Lag = 9 }));

    [TestMethod]
    public void UnevenBatches_GetMoreRoom() => Assert.StartsWith(
        "sources wait 60 % for room and no block is busy all the time: batches are uneven, try --block-capacity 16",
        Verdict.Of(Now(Block("source", 0, 0.6), Block("parse", 0.5), Block("join", 0.7, lane: 0)) with { Lag = 9 }));

    [TestMethod]
    [DataRow(0.10, "OK")]
    [DataRow(0.11, "LOW")]
    [DataRow(0.50, "LOW")]
    [DataRow(0.51, "HIGH")]
    public void BackPressure_HasFlinksWords(double share, string word) => Assert.AreEqual(word, Block("join", 0, share).Pressure);

    internal static BlockReading Block(string name, double busy, double backPressured = 0, int? lane = null)
    {
        var times = new StageTimes(1, 10, busy * 10, backPressured * 10, 0, 0);
        return new BlockReading(name, lane, times, times, 0, 8);
    }

    private static VerdictInput Now(params BlockReading[] blocks) => new() { Blocks = blocks, Parallelism = new ParallelismOptions(), Cpus = 8, CpuShare = 0.3 };
}
