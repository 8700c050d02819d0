using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Crashes;

/// <summary>The program killed, paused and starved: what it commits is what an uninterrupted run commits, each sample once.</summary>
[TestClass]
[TestCategory("Kafka")]
[DoNotParallelize] // Kills come at instants of the clock: other tests beside them would move what they hit.
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
    [DataRow(false, false, 0L, 0)]
    [DataRow(false, true, 20_000L, 0)]
    [DataRow(true, true, 0L, 0)]
    [DataRow(false, false, 0L, 2)]
    public Task UninterruptedRun_BringsEachSampleOnce(bool fileInput, bool fileOutput, long exposures, int silence) => AssertAsync(
        new CrashScenario
        {
            Name = $"uninterrupted-{fileInput}-{fileOutput}-{exposures}-{silence}",
            Seed = 10,
            FileInput = fileInput,
            FileOutput = fileOutput,
            BoundedExposures = exposures == 0 ? null : exposures,
            Silence = silence == 0 ? null : TimeSpan.FromSeconds(silence),
            Calm = TimeSpan.FromSeconds(5),
        },
        faults: []);

    [TestMethod]
    public Task BoundedTopics_KilledAtRandom_EndWithEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "bounded", Seed = 11, BoundedExposures = 100_000 }, FaultPlan.Random(seed: 11, count: 10));

    [TestMethod]
    public Task TopicsThatGoOn_KilledAtRandom_BringEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "live", Seed = 12 }, FaultPlan.Random(seed: 12, count: 8));

    [TestMethod]
    public Task Topics_KilledAtEveryPoint_BringEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "points", Seed = 13 }, FaultPlan.EveryPoint());

    [TestMethod]
    public Task Files_KilledAtEveryPoint_BringEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "file-points", Seed = 14, FileInput = true, FileOutput = true }, FaultPlan.EveryPoint());

    [TestMethod]
    public Task BoundedFiles_KilledAtRandom_EndWithEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "bounded-files", Seed = 15, FileInput = true, FileOutput = true, BoundedExposures = 200_000 }, FaultPlan.Random(seed: 15, count: 5));

    [TestMethod]
    public Task TopicsToFiles_KilledAtRandom_BringEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "to-files", Seed = 16, FileOutput = true }, FaultPlan.Random(seed: 16, count: 4));

    [TestMethod]
    public Task Recovery_KilledThreeTimes_BringsEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "recovery", Seed = 17 }, FaultPlan.ThreeWithinOneRecovery(seed: 17));

    [TestMethod]
    public Task Process_PausedLongerThanItsTransactionMayBeOpen_BringsEachSampleOnce() =>
        AssertAsync(
            new CrashScenario { Name = "paused", Seed = 18, TransactionTimeout = TransactionTimeout },
            FaultPlan.Pauses(seed: 18, count: 2, lasting: TransactionTimeout + TimeSpan.FromSeconds(1.5)));

    [TestMethod]
    public Task ClickPartition_ThatComesBackFromIdleness_LosesAndRepeatsNothing() =>
        AssertAsync(
            new CrashScenario { Name = "idle", Seed = 19, Silence = TimeSpan.FromSeconds(4) },
            FaultPlan.Random(seed: 19, count: 5));

    [TestMethod]
    public Task OneCore_KilledAtRandom_BringsEachSampleOnce() =>
        AssertAsync(new CrashScenario { Name = "one-core", Seed = 20, OneCore = true }, FaultPlan.Random(seed: 20, count: 3));

    [TestMethod]
    public Task StalledBroker_BringsEachSampleOnce() =>
        AssertAsync(
            new CrashScenario { Name = "stalled", Seed = 21 },
            [new Fault(FaultKind.StallBroker, TimeSpan.FromMilliseconds(300), Lasting: TimeSpan.FromSeconds(3)), new Fault(FaultKind.KillAfterSample)]);

    private async Task AssertAsync(CrashScenario scenario, IEnumerable<Fault> faults)
    {
        CrashBroker? broker = scenario.NeedsBroker ? new CrashBroker(Kafka.Bootstrap, Kafka.Pids) : null;
        CrashReport report = await new CrashRun(scenario, broker, fault => TestContext.WriteLine(fault.ToString())).RunAsync(faults);
        Assert.IsTrue(report.Succeeded, report.ToString());
    }
}
