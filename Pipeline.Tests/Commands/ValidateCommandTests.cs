using Pipeline.Commands;
using Pipeline.Tests.Configuration;

namespace Pipeline.Tests.Commands;

[TestClass]
public sealed class ValidateCommandTests
{
    [TestMethod]
    public async Task SoundJob_Exits0AndWarnsOnStandardError()
    {
        using var job = new JobText();

        CommandRun run = await CommandRun.Of("validate", job.Write(JobText.Small), "--no-environment");

        Assert.AreEqual(ExitCodes.Done, run.ExitCode);
        Assert.AreEqual("", run.Output);
        Assert.StartsWith("warning: job.yaml:5: streams[0].source: max_future guards no file", run.Error);
        Assert.EndsWith("job.yaml: no mistake\n", run.Error);
    }

    [TestMethod]
    public async Task QuietValidation_OfASoundJob_SaysOnlyWarnings()
    {
        using var job = new JobText();

        CommandRun run = await CommandRun.Of("validate", "-q", job.Write("time: processing\n" + JobText.Small), "--no-environment");

        Assert.AreEqual((ExitCodes.Done, "", ""), (run.ExitCode, run.Output, run.Error));
    }

    [TestMethod]
    public async Task Mistakes_Exit78()
    {
        using var job = new JobText();

        CommandRun run = await CommandRun.Of("validate", job.Write(JobText.Small), "--lanes", "65", "--set", "window.length=0s");

        Assert.AreEqual(ExitCodes.Configuration, run.ExitCode);
        Assert.AreEqual("", run.Output);
        Assert.Contains("--lanes: parallelism.lanes: must be from 1 to 64, found '65'\n", run.Error);
        Assert.Contains("--set window.length: window.length: must be from 1ms to 49d, found '0s'\n", run.Error);
        Assert.EndsWith("job.yaml: 2 mistakes\n", run.Error);
    }

    [TestMethod]
    public async Task MissingJobFile_Exits78()
    {
        CommandRun run = await CommandRun.Of("validate", Path.Combine(Path.GetTempPath(), "no-such-job.yaml"));

        Assert.AreEqual(ExitCodes.Configuration, run.ExitCode);
        Assert.StartsWith("no-such-job.yaml: cannot be read: ", run.Error);
    }

    [TestMethod]
    public async Task Show_PrintsTheEffectiveConfigurationAsData()
    {
        using var job = new JobText();

        CommandRun run = await CommandRun.Of("validate", job.Write(JobText.Small), "--no-environment", "--show", "--lanes", "7");

        Assert.AreEqual(ExitCodes.Done, run.ExitCode);
        Assert.MatchesRegex(@"\n  lanes: 7 +# --lanes\n", run.Output);
        Assert.MatchesRegex(@"^job: small +# job.yaml:1\n", run.Output);
    }

    [TestMethod]
    public async Task ReadyEnvironment_Exits0AndLeavesNoTrace()
    {
        using var job = new JobText();
        string path = job.Write(JobText.Small);
        File.WriteAllText(Path.Combine(job.BaseDirectory, "exposure.jsonl"), "");
        File.WriteAllText(Path.Combine(job.BaseDirectory, "click.jsonl"), "");

        CommandRun run = await CommandRun.Of("validate", path);

        Assert.AreEqual(ExitCodes.Done, run.ExitCode, run.Error);
        Assert.EndsWith("environment: ready\n", run.Error);
        Assert.HasCount(3, Directory.GetFileSystemEntries(job.BaseDirectory));
    }

    [TestMethod]
    public async Task FailingEnvironment_Exits1WithEveryFailure()
    {
        using var job = new JobText();
        string path = job.Write(JobText.Small + "\ndead_letter: { kafka: { bootstrap: '127.0.0.1:1', topic: dead } }");
        File.WriteAllText(Path.Combine(job.BaseDirectory, "state"), "in the way");

        CommandRun run = await CommandRun.Of("validate", path);

        Assert.AreEqual(ExitCodes.CheckFailed, run.ExitCode);
        string state = Path.Combine(job.BaseDirectory, "state");
        Assert.Contains($"environment: state.dir: {state} is not writable: {state} is a file\n", run.Error);
        Assert.Contains($"environment: {Path.Combine(job.BaseDirectory, "exposure.jsonl")}: no file matches\n", run.Error);
        Assert.Contains($"environment: {Path.Combine(job.BaseDirectory, "click.jsonl")}: no file matches\n", run.Error);
        Assert.Contains("environment: 127.0.0.1:1: ", run.Error);
        Assert.Contains("Connection refused", run.Error);
    }
}
