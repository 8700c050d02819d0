using Pipeline.Commands;
using Pipeline.Tests.Checkpoints;
using Pipeline.Verification;

namespace Pipeline.Tests.Skew;

/// <summary>A job that was stopped goes on with any salts: mode and number are no part of what its state depends on.</summary>
[TestClass]
public sealed class SaltedRestartTests
{
    [TestMethod]
    [DataRow("force", 1)]
    [DataRow("force", 16)]
    [DataRow("off", 4)]
    public async Task StoppedJob_GoesOnWithOtherSalts_AndLeavesNothingOfTheOldOnes(string mode, int salts)
    {
        using StoppedJob stopped = await StoppedJob.MakeAsync();
        string left = Path.Combine(stopped.State, "lane-0", "salt-31.00000002");
        await File.WriteAllTextAsync(left, "what waited in a salt of a process that was killed");

        int code = await stopped.Run.CallAsync("run", stopped.JobFile, "--until-end", "--skew-mode", mode, "--salts", $"{salts}");

        Assert.AreEqual(ExitCodes.Done, code, stopped.Run.Messages);
        SampleComparison samples = SampleComparison.Of(stopped.Expected, FoundSamples.Read(stopped.Job, stopped.Run["out"], null), examples: 0, static _ => { });
        Assert.AreEqual(new SampleComparison(stopped.Expected.Count, stopped.Expected.Count, 0, 0, 0, 0), samples);
        Assert.IsFalse(File.Exists(left));
        Assert.IsEmpty(Directory.GetFiles(stopped.State, "salt-*", SearchOption.AllDirectories));
    }
}
