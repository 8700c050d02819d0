using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class EffectiveTests
{
    [TestMethod]
    public void EveryValue_IsShownWithItsOrigin()
    {
        using var job = new JobText();
        LoadedJob loaded = job.Load(
            JobText.SmallWith("dir: state", "dir: '/7 states'").Replace("dir: out", "dir: /out", StringComparison.Ordinal)
                .Replace("exposure.jsonl", "/logs/e.jsonl", StringComparison.Ordinal).Replace("click.jsonl", "/logs/*.gz", StringComparison.Ordinal),
            ["parallelism.lanes=8", "streams.click.key.1=item", "streams.click.filter=[{ field: a, in: ['7', x], max: 1.5 }]"],
            new() { ["PIPELINE__STREAM_IDLE_TIMEOUT"] = "never" });
        var shown = new StringWriter();

        loaded.Effective.Write(shown);

        Assert.AreEqual(JobText.Data("effective.txt"), shown.ToString().ReplaceLineEndings("\n"));
    }

    [TestMethod]
    [DataRow("interface.yaml")]
    public void ShownConfiguration_IsAJobFileOfTheSameJob(string file)
    {
        using var job = new JobText();
        LoadedJob loaded = job.Load(JobText.Data(file), ["streams.0.source.kafka.start={ time: 2026-11-24T10:00:00Z }", "streams.1.time.unit=iso8601"]);
        var shown = new StringWriter();
        loaded.Effective.Write(shown);

        LoadedJob again = job.Load(shown.ToString());
        var shownAgain = new StringWriter();
        again.Effective.Write(shownAgain);

        Assert.IsEmpty(again.Errors, string.Join('\n', again.Errors));
        Assert.AreEqual(SettingsHash.Of(loaded.Job!), SettingsHash.Of(again.Job!));
        Assert.AreEqual(WithoutOrigins(shown), WithoutOrigins(shownAgain));
    }

    [TestMethod]
    public void FilesWithoutAGuardAgainstTheFuture_AreWarnedOf()
    {
        using var job = new JobText();

        IReadOnlyList<ConfigurationError> warnings = job.Load(JobText.Small).Warnings;

        Assert.HasCount(2, warnings);
        Assert.StartsWith("job.yaml:5: streams[0].source: max_future guards no file", $"{warnings[0]}");
        Assert.IsEmpty(job.Load("time: processing\n" + JobText.Small).Warnings);
    }

    private static string WithoutOrigins(StringWriter shown) =>
        string.Join('\n', shown.ToString().Split('\n').Select(line => line.Split("  # ")[0].TrimEnd()));
}
