using System.Text.RegularExpressions;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Launcher;

/// <summary>The other end of <c>run.ps1 perf</c>: the scenarios that its parameters are for know them.</summary>
[TestClass]
public sealed class PerfFlagsTests
{
    [TestMethod]
    [DataRow("file")]
    [DataRow("kafka")]
    public async Task FlagsThatTheLauncherHandsOn_AreTheScenarios(string scenario)
    {
        string launcher = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "run.ps1"));
        string[] flags = [.. Regex.Matches(launcher, @"@\('\w+', '(--[a-z-]+)'\)").Select(static match => match.Groups[1].Value)];
        Assert.HasCount(5, flags);
        string framework = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar), configuration = Path.GetDirectoryName(framework)!;
        string perf = Path.Combine(Repository.Root, "perf", "bin", Path.GetFileName(configuration), Path.GetFileName(framework), "Pipeline.Perf.dll");
        Assert.IsTrue(File.Exists(perf), $"{perf} is built with the solution");

        // A value that none of them takes: a flag that is known is named with what it expects, and nothing runs.
        (int code, string said) = await Tool.RunAsync("dotnet", Repository.Root, "", [perf, scenario, .. flags.SelectMany(static flag => new[] { flag, "many" })]);

        Assert.AreNotEqual(0, code);
        foreach (string flag in flags) Assert.Contains($"Cannot parse argument 'many' for option '{flag}'", said);
    }
}
