using System.Runtime.Versioning;

namespace Pipeline.Tests.Launcher;

[TestClass]
[DoNotParallelize] // PowerShell's error writer and environment are the process's.
[OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
[UnsupportedOSPlatform("windows")]
public sealed class RunScriptTests
{
    private static ScriptFixture Launcher = null!;

    [ClassInitialize]
    public static void Open(TestContext _) => Launcher = new ScriptFixture();

    [ClassCleanup]
    public static void Close() => Launcher.Dispose();

    [TestInitialize]
    public void LetEverythingSucceed() => Launcher.Fail("nothing");

    [TestMethod]
    [DataRow("build", "dotnet @ [build] [Pipeline.sln] [-c] [Release]")]
    [DataRow("build --no-restore", "dotnet @ [build] [Pipeline.sln] [-c] [Release] [--no-restore]")]
    [DataRow("test", "dotnet @ [test] [--solution] [Pipeline.sln] [-c] [Release]")]
    [DataRow("test --filter 'TestCategory!=Kafka'", "dotnet @ [test] [--solution] [Pipeline.sln] [-c] [Release] [--filter] [TestCategory!=Kafka]")]
    [DataRow("perf", "dotnet @ [run] [-c] [Release] [--project] [perf] [--]")]
    [DataRow("perf file -Lanes 2", "dotnet @ [run] [-c] [Release] [--project] [perf] [--] [file] [--lanes] [2]")]
    [DataRow("chaos", "dotnet @ [run] [-c] [Release] [--project] [perf] [--] [chaos]")]
    [DataRow("chaos -Kills 1000 --seed 7", "dotnet @ [run] [-c] [Release] [--project] [perf] [--] [chaos] [--seed] [7] [--kills] [1000]")]
    public void Verb_CallsDotnetInTheRepository(string arguments, string call) => AssertCalls(arguments, call);

    [TestMethod]
    [DataRow("run job.yaml", "[run] [job.yaml]")]
    [DataRow("run job.yaml --until-end --set 'window.length=5m' --http 127.0.0.1:8080", "[run] [job.yaml] [--until-end] [--set] [window.length=5m] [--http] [127.0.0.1:8080]")]
    [DataRow("run 'with space.yaml'", "[run] [with space.yaml]")]
    [DataRow(
        "run job.yaml -BatchRecords 512 -ParseParallelism 3 -FormatParallelism 2 -Lanes 8 -BlockCapacity 16",
        "[run] [job.yaml] [--parse-parallelism] [3] [--lanes] [8] [--format-parallelism] [2] [--block-capacity] [16] [--batch-records] [512]")]
    [DataRow("-Lanes 8 run job.yaml --until-end", "[run] [job.yaml] [--until-end] [--lanes] [8]")]
    [DataRow("demo", "[demo]")]
    [DataRow("demo --seconds 20", "[demo] [--seconds] [20]")]
    public void RunAndDemo_CallTheExecutable_InTheCallersDirectory(string arguments, string call) =>
        AssertCalls(arguments, $"dotnet [run] [-c] [Release] [--project] [{Path.Combine(Launcher.Root, "Pipeline")}] [--] {call}");

    [TestMethod]
    public void ScriptRunAsAFile_TakesTheSameArguments()
    {
        (int code, string[] calls) = Launcher.RunAsFile(
            "run", "job.yaml", "-Lanes", "8", "--until-end", "--set", "window.length=5m", "--http", "127.0.0.1:8080", "-BatchRecords", "512");

        Assert.AreEqual(0, code);
        Assert.AreEqual(
            $"dotnet [run] [-c] [Release] [--project] [{Path.Combine(Launcher.Root, "Pipeline")}] [--] "
            + "[run] [job.yaml] [--until-end] [--set] [window.length=5m] [--http] [127.0.0.1:8080] [--lanes] [8] [--batch-records] [512]",
            calls.Single());
    }

    [TestMethod]
    public void ExitCodeOfTheProgram_IsTheScripts()
    {
        Launcher.Fail("job.yaml");

        Assert.AreEqual(7, Launcher.Run("run job.yaml").ExitCode);
    }

    [TestMethod]
    public void Publish_IsSelfContained()
    {
        AssertCalls("publish", PublishCall("--self-contained"));
    }

    [TestMethod]
    public void Publish_WithoutARuntimePack_NeedsTheFramework_AndSaysSo()
    {
        Launcher.Fail("--self-contained");

        AssertCalls("publish", PublishCall("--self-contained"), PublishCall("--no-self-contained"));
        StringAssert.Contains(Launcher.Errors, "needs .NET 10");
    }

    [TestMethod]
    public void Kafka_IsTheOneBesideTheRepository()
    {
        Launcher.StandIn(Launcher.Beside("shared/servers/kafka/start.sh"));
        Launcher.StandIn(Launcher.Beside("shared/servers/kafka/stop.sh"));
        string data = Path.Combine(Launcher.Root, "artifacts", "kafka");

        AssertCalls("kafka start", $"start.sh [--dir] [{data}] [--port] [9092]");
        AssertCalls("kafka start --port 9099", $"start.sh [--dir] [{data}] [--port] [9092] [--port] [9099]");
        AssertCalls("kafka stop", $"stop.sh [{data}]");
    }

    [TestMethod]
    public void KafkaThatCouldNotBeFormatted_LeavesNoFolderThatNeverStarts()
    {
        Launcher.StandIn(Launcher.Beside("shared/servers/kafka/start.sh"), "mkdir -p \"$2\"; echo id=-x > \"$2/cluster\"; exit 7");

        int code = Launcher.Run("kafka start").ExitCode;

        Assert.AreEqual(7, code);
        Assert.IsFalse(Directory.Exists(Path.Combine(Launcher.Root, "artifacts", "kafka")));
    }

    [TestMethod]
    public void KafkaOfADistribution_IsFormattedOnce_StartedAndStopped()
    {
        string home = Launcher.Beside("kafka");
        string data = Path.Combine(Launcher.Root, "artifacts", "kafka");
        string started = Launcher.Beside("started"), terminated = Launcher.Beside("terminated");
        Launcher.StandIn(Path.Combine(home, "bin", "kafka-storage.sh"), $"mkdir '{Path.Combine(data, "data")}'");
        Launcher.StandIn(
            Path.Combine(home, "bin", "kafka-server-start.sh"),
            $"trap 'touch \"{terminated}\"; exit' TERM; touch '{started}'; for each in $(seq 600); do sleep 0.1; done");

        (int start, string[] calls) = Launcher.Run("kafka start", home);
        AssertAppears(started);
        int stop = Launcher.Run("kafka stop", home).ExitCode;
        AssertAppears(terminated);
        string[] callsAgain = Launcher.Run("kafka start", home).Calls;
        Launcher.Run("kafka stop", home);

        Assert.AreEqual((0, 0), (start, stop));
        Assert.AreEqual($"kafka-storage.sh [format] [-t] [MkU3OEVBNTcwNTJENDM2Qg] [-c] [{Path.Combine(data, "server.properties")}]", calls[0]);
        StringAssert.Contains(File.ReadAllText(Path.Combine(data, "server.properties")), "listeners=PLAINTEXT://127.0.0.1:9092,");
        Assert.IsFalse(callsAgain.Any(call => call.StartsWith("kafka-storage.sh", StringComparison.Ordinal)), "Data is there already.");
    }

    [TestMethod]
    [DataRow("bild", "'bild' is no verb")]
    [DataRow("run", "takes a job file")]
    [DataRow("demo -Lanes 2", "--lanes is for run and perf, not for demo")]
    [DataRow("perf -Kills 5", "-Kills is for chaos, not for perf")]
    [DataRow("chaos -Lanes 2", "--lanes is for run and perf, not for chaos")]
    [DataRow("kafka", "start or stop, found ''")]
    [DataRow("kafka restart", "start or stop, found 'restart'")]
    public void Mistake_IsNamed_AndNothingIsCalled(string arguments, string message)
    {
        (int code, string[] calls) = Launcher.Run(arguments);

        Assert.AreEqual(64, code);
        Assert.IsEmpty(calls);
        StringAssert.Contains(Launcher.Errors, message);
    }

    private static string PublishCall(string containment) =>
        $"dotnet @ [publish] [Pipeline] [-c] [Release] [-r] [linux-x64] [{containment}] [-o] [{Path.Combine(Launcher.Root, "artifacts", "publish", "linux-x64")}]";

    private static void AssertCalls(string arguments, params string[] calls)
    {
        (int code, string[] found) = Launcher.Run(arguments);

        CollectionAssert.AreEqual(calls, found, $"{arguments}: {string.Join('\n', found)}");
        Assert.AreEqual(0, code);
    }

    private static void AssertAppears(string path) =>
        Assert.IsTrue(SpinWait.SpinUntil(() => File.Exists(path), TimeSpan.FromSeconds(30)), $"{path} appears within 30 s.");
}
