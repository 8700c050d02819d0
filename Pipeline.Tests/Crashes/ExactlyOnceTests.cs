using Pipeline.Blocks.Flow;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Crashes;

/// <summary>The program killed, paused and starved: what it commits is what an uninterrupted run commits, each sample once.</summary>
[TestClass]
[TestCategory("Kafka")]
[DoNotParallelize] // Kills come at instants of the clock, and a log that goes on does not wait for a program that is short of the machine.
public sealed class ExactlyOnceTests
{
    private static readonly TimeSpan TransactionTimeout = TimeSpan.FromSeconds(2);
    private static KafkaServer Kafka = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void Start(TestContext _) => Kafka = KafkaServer.StartPrivate(
        new Dictionary<string, string> { ["transaction.abort.timed.out.transaction.cleanup.interval.ms"] = "500" });

    [ClassCleanup]
    public static void Stop() => Kafka?.Dispose();

    /// <summary>Without a fault every scenario passes: what fails the others is what the faults did.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task UninterruptedRun_BringsEachSampleOnce(bool bounded)
    {
        var scenario = new CrashScenario { Name = $"uninterrupted-{bounded}", Seed = 10, Calm = TimeSpan.FromSeconds(2) };
        CrashReport report = await RunAsync(bounded ? scenario with { FileOutput = true, BoundedExposures = 20_000 } : scenario with { Silence = TimeSpan.FromSeconds(2) }, []);
        Assert.AreEqual(bounded, report.Deterministic, "a partition that comes back from idleness has late events");
    }

    [TestMethod]
    public async Task BoundedTopics_KilledAtRandom_EndWithEachSampleOnce()
    {
        CrashReport report = await RunAsync(new CrashScenario { Name = "bounded", Seed = 11, BoundedExposures = 60_000 }, FaultPlan.Random(seed: 11, count: 7));
        Assert.IsGreaterThanOrEqualTo(4, report.Kills, "it ended before it was killed often enough");
    }

    [TestMethod]
    public async Task BoundedFiles_KilledAtRandom_EndWithEachSampleOnce()
    {
        CrashReport report = await RunAsync(
            new CrashScenario
            {
                Name = "bounded-files",
                Seed = 15,
                FileInput = true,
                FileOutput = true,
                BoundedExposures = 500_000,
                CheckpointInterval = TimeSpan.FromMilliseconds(100),
            },
            // Files are read as fast as the machine can: those of the first samples come early, and at commits however fast that is.
            [
                new Fault(FaultKind.KillAfterSample),
                new Fault(FaultKind.KillAtPoint, Point: CrashPoint.BeforeCommit, Passes: 3),
                new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(20)),
                new Fault(FaultKind.KillAtPoint, Point: CrashPoint.AfterCommit, Passes: 3),
                new Fault(FaultKind.KillAfterStart, TimeSpan.FromMilliseconds(900)),
                new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(50)),
            ]);
        Assert.IsGreaterThanOrEqualTo(3, report.Kills, "it ended before it was killed often enough");
    }

    [TestMethod]
    public Task TopicsThatGoOn_KilledAtRandom_BringEachSampleOnce() =>
        RunAsync(new CrashScenario { Name = "live", Seed = 12 }, FaultPlan.Random(seed: 12, count: 6));

    /// <summary>Every event is salted: what waits in the salts comes back with each checkpoint.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public Task SaltedTopics_KilledWhileStateIsSavedAndRestored_BringEachSampleOnce(bool letters) => RunAsync(
        new CrashScenario { Name = $"salted-{(letters ? "letters" : "condensed")}", Seed = 22, Skew = "mode: force, salts: 3", Letters = letters }, FaultPlan.PointsOfState());

    [TestMethod]
    public Task Topics_KilledAtEveryPoint_BringEachSampleOnce() => RunAsync(new CrashScenario { Name = "points", Seed = 13 }, FaultPlan.EveryPoint());

    [TestMethod]
    public Task Files_KilledAtEveryPoint_BringEachSampleOnce() =>
        RunAsync(new CrashScenario { Name = "file-points", Seed = 14, FileInput = true, FileOutput = true }, FaultPlan.EveryPoint());

    [TestMethod]
    public Task TopicsToFiles_KilledAtRandom_BringEachSampleOnce() =>
        RunAsync(new CrashScenario { Name = "to-files", Seed = 16, FileOutput = true }, FaultPlan.Random(seed: 16, count: 3));

    [TestMethod]
    public Task Recovery_KilledThreeTimes_BringsEachSampleOnce() =>
        RunAsync(new CrashScenario { Name = "recovery", Seed = 17 }, FaultPlan.ThreeWithinOneRecovery(seed: 17));

    [TestMethod]
    public Task Process_PausedLongerThanItsTransactionMayBeOpen_BringsEachSampleOnce() => RunAsync(
        new CrashScenario { Name = "paused", Seed = 18, TransactionTimeout = TransactionTimeout },
        FaultPlan.Pauses(seed: 18, count: 2, lasting: TransactionTimeout + TimeSpan.FromSeconds(1.5)));

    [TestMethod]
    public async Task ClickPartition_ThatComesBackFromIdleness_LosesAndRepeatsNothing()
    {
        CrashReport report = await RunAsync(
            new CrashScenario { Name = "idle", Seed = 19, Silence = TimeSpan.FromSeconds(2) },
            [
                new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(2500)),
                new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(100)),
                new Fault(FaultKind.KillAtPoint, Point: CrashPoint.AfterCommit, Passes: 3),
                new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(1200)),
            ]);
        Assert.IsFalse(report.Deterministic, "the partition never came back below a floor");
    }

    [TestMethod]
    public Task OneCore_KilledAtRandom_BringsEachSampleOnce() => RunAsync(
        new CrashScenario { Name = "one-core", Seed = 20, OneCore = true },
        [new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(1500)), new Fault(FaultKind.KillAfterSample, TimeSpan.FromMilliseconds(200))]);

    [TestMethod]
    public Task StalledBroker_BringsEachSampleOnce() => RunAsync(
        new CrashScenario { Name = "stalled", Seed = 21 },
        [new Fault(FaultKind.StallBroker, TimeSpan.FromMilliseconds(300), Lasting: TimeSpan.FromSeconds(3)), new Fault(FaultKind.KillAfterSample)]);

    private async Task<CrashReport> RunAsync(CrashScenario scenario, IEnumerable<Fault> faults)
    {
        CrashBroker? broker = scenario.NeedsBroker ? new CrashBroker(Kafka.Bootstrap, Kafka.Pids) : null;
        CrashReport report = await new CrashRun(scenario, broker, fault => TestContext.WriteLine(fault.ToString())).RunAsync(faults);
        Assert.IsTrue(report.Succeeded, report.ToString());
        return report;
    }
}
