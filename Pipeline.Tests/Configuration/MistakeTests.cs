namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class MistakeTests
{
    [TestMethod]
    public void EverythingWrong_IsNamedAtOnceWithKeyAndLine()
    {
        using var job = new JobText();
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Configuration", "Data", "everything-wrong.yaml"));

        string mistakes = job.LoadMistake(text).Replace(job.BaseDirectory, "BASE", StringComparison.Ordinal);

        Assert.AreEqual(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Configuration", "Data", "everything-wrong.txt")).TrimEnd(), mistakes);
    }
}
