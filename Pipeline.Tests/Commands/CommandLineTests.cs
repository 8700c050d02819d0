using System.CommandLine;
using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Tests.Configuration;

namespace Pipeline.Tests.Commands;

[TestClass]
public sealed class CommandLineTests
{
    [TestMethod]
    [DataRow("", "Required command was not provided.")]
    [DataRow("validat", "'validat': did you mean validate?")]
    [DataRow("validate", "Required argument 'JOB.yaml' missing for command: 'validate'.")]
    [DataRow("validate job.yaml --lane 8", "'--lane': did you mean --lanes?")]
    [DataRow("validate job.yaml --lanes many", "many")]
    [DataRow("validate job.yaml --skew-mode on", "--skew-mode takes auto, off or force, found 'on'")]
    [DataRow("validate job.yaml --state-memory much", "--state-memory takes a size such as 64KiB, 512MiB or 1GiB, found 'much'")]
    [DataRow("validate job.yaml --set window.length", "--set takes path.to.key=value, found 'window.length'")]
    [DataRow("validate job.yaml --log-format jsn", "--log-format takes text, json; found 'jsn'; did you mean json?")]
    [DataRow("validate job.yaml --log-format 1", "--log-format takes text, json; found '1'")]
    [DataRow("validate job.yaml -q -v", "-q and -v exclude each other")]
    [DataRow("verify job.yaml --samples out --groups 0", "--groups takes a whole number from 1 to 256, found '0'")]
    [DataRow("verify job.yaml --samples out --groups 257", "--groups takes a whole number from 1 to 256, found '257'")]
    [DataRow("verify job.yaml --samples out --groups", "--groups")]
    [DataRow("verify job.yaml --samples out --examples 3000000000", "--examples takes a whole number from 0 to 2147483647, found '3000000000'")]
    [DataRow("verify job.yaml --samples out --temp .", "--temp is where the files of --groups go: give both")]
    [DataRow("verify job.yaml --samples out --groups 2 --temp nowhere-at-all", "nowhere-at-all")]
    [DataRow("generate --out logs --exposures many", "--exposures takes a whole number from 0 to 9223372036854775807, found 'many'")]
    [DataRow("generate --out logs --exposures 1.5", "found '1.5'")]
    [DataRow("generate --out logs --ctr 1.5", "--ctr takes a number from 0 to 1, found '1.5'")]
    [DataRow("generate --out logs --ctr 0,1", "--ctr takes a number from 0 to 1, found '0,1'")]
    [DataRow("generate --out logs --zipf NaN", "--zipf takes a number of 0 or more, found 'NaN'")]
    [DataRow("generate --out logs --zipf Infinity", "--zipf takes a number of 0 or more, found 'Infinity'")]
    [DataRow("generate --out logs --seed -1", "--seed takes a whole number from 0 to 18446744073709551615, found '-1'")]
    [DataRow("demo --seconds 1e12", "--seconds takes a number from 0 to 86400, found '1e12'")]
    public async Task WrongCommandLine_Exits64WithTheReasonOnStandardError(string line, string reason)
    {
        CommandRun run = await CommandRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.AreEqual(ExitCodes.Usage, run.ExitCode);
        Assert.AreEqual("", run.Output);
        Assert.Contains(reason, run.Error);
    }

    [TestMethod]
    public async Task Help_ListsEveryCommand()
    {
        CommandRun run = await CommandRun.Of("--help");

        Assert.AreEqual(ExitCodes.Done, run.ExitCode);
        foreach (Command command in CommandLine.Create().Subcommands) Assert.Contains(command.Name, run.Output);
    }

    [TestMethod]
    public async Task Version_NamesEverythingThatRuns()
    {
        CommandRun run = await CommandRun.Of("version");

        Assert.AreEqual(ExitCodes.Done, run.ExitCode);
        Assert.MatchesRegex(@"^pipeline \d+\.\d+\.\d+\S*\ncommit ([0-9a-f]{40}|unknown)\nruntime \.NET 10\..+\nlibrdkafka 2\.\d+\.\d+\n$", run.Output);
    }

    [TestMethod]
    public void ShortFlags_AreSettingsOfTheirKeys()
    {
        var flags = new JobFlags(new MessageFlags());
        var command = new Command("run");
        flags.AddTo(command);
        using var job = new JobText();

        ParseResult parsed = command.Parse(
        [
            job.Write(JobText.Small), "--set", "parallelism.lanes=3", "--parse-parallelism", "5", "--format-parallelism", "6", "--lanes", "7",
            "--block-capacity", "9", "--batch-records", "10", "--state-dir", "elsewhere", "--state-memory", "3GiB",
            "--salts", "11", "--skew-mode", "force",
        ]);
        JobOptions? loaded = flags.LoadOrReport(parsed).Job;

        Assert.IsNotNull(loaded);
        Assert.AreEqual(new Blocks.Flow.ParallelismOptions { Parse = 5, Lanes = 7, Format = 6, BlockCapacity = 9, BatchRecords = 10 }, loaded.Parallelism);
        Assert.AreEqual(Path.Combine(job.BaseDirectory, "elsewhere"), loaded.State.Dir);
        Assert.AreEqual(3L << 30, loaded.State.Memory);
        Assert.AreEqual(new Blocks.Partitioning.SkewOptions { Salts = 11, Mode = Blocks.Partitioning.SkewMode.Force }, loaded.Skew);
    }

    [TestMethod]
    public void RunFlags_HaveTheDocumentedDefaults()
    {
        RunFlags flags = Read("");

        Assert.AreEqual(new RunFlags { Log = flags.Log }, flags);
        Assert.AreEqual(ReportTarget.Console, flags.Report);
        Assert.AreEqual(TimeSpan.FromSeconds(5), flags.ReportInterval);
        Assert.AreEqual(TextFormat.Text, flags.ReportFormat);
        Assert.IsNull(flags.Http);
        Assert.IsNull(flags.Summary);
        Assert.AreEqual(Verbosity.Normal, flags.Log.Verbosity);
        Assert.AreEqual(TextFormat.Text, flags.Log.Format);
    }

    [TestMethod]
    public void RunFlags_AreRead()
    {
        RunFlags flags = Read("--report file --report-interval 1.5s --report-format json --report-file r.jsonl --http [::1]:0 --http-token-file t --otlp http://collector:4318 --summary s.json --log-format json -v --no-color");

        Assert.AreEqual(
            new RunFlags
            {
                Report = ReportTarget.File,
                ReportInterval = TimeSpan.FromMilliseconds(1500),
                ReportFormat = TextFormat.Json,
                ReportFile = "r.jsonl",
                Http = "[::1]:0",
                HttpTokenFile = "t",
                Otlp = new Uri("http://collector:4318"),
                Summary = "s.json",
                Log = new LogFlags { Format = TextFormat.Json, Verbosity = Verbosity.Verbose, Color = false },
            },
            flags);
    }

    [TestMethod]
    public void ReportOverHttp_ListensOnLoopback() => Assert.AreEqual("127.0.0.1:8080", Read("--report http").Http);

    [TestMethod]
    [DataRow("--report htp", "--report takes console, file, http, none; found 'htp'; did you mean http?")]
    [DataRow("--report-interval 0s", "--report-interval takes a duration such as 500ms, 10s, 20m, 1h or 7d, found '0s'")]
    [DataRow("--otlp collector:4317", "--otlp takes http://host:port, found 'collector:4317'")]
    [DataRow("--http 8080", "--http takes host:port, found '8080'")]
    public void WrongRunFlag_IsAMistake(string line, string mistake) =>
        Assert.AreEqual(mistake, string.Join('\n', Parse(new CommonOptions(), line).Errors.Select(error => error.Message)));

    private static RunFlags Read(string line)
    {
        var common = new CommonOptions();
        ParseResult parsed = Parse(common, line);
        Assert.IsEmpty(parsed.Errors);
        return common.Report.Read(parsed);
    }

    private static ParseResult Parse(CommonOptions common, string line)
    {
        var root = new RootCommand();
        var command = new Command("run");
        common.Messages.AddTo(root);
        common.Report.AddTo(command);
        root.Add(command);
        return root.Parse(["run", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
    }
}
