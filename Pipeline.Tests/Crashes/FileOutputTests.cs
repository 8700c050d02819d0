using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Crashes;

/// <summary>The observer of sample files sees what a reader of committed lengths must never see.</summary>
[TestClass]
public sealed class FileOutputTests : IAsyncDisposable
{
    private const string Samples = "samples-0.jsonl";
    private readonly TempFolder _folder = new();
    private readonly FileOutput _output;

    public FileOutputTests()
    {
        _output = new FileOutput(_folder.Path);
        Put("{1}\n{2}\n", 8);
        _output.Look(whole: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _output.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task PrefixThatGrows_IsSeen_UpToWhatIsCommitted()
    {
        Put("{1}\n{2}\n{3}\n{4", 12);

        _output.Look(whole: true);

        Assert.IsNull(_output.Violation);
        Assert.AreEqual(3, _output.Count);
        CollectionAssert.AreEqual("{3}"u8.ToArray(), _output.Seen()[2].Value);
        await _output.CatchUpAsync();
        Assert.IsNotNull(_output.Violation, "more than is committed, after a clean end");
    }

    [TestMethod]
    [DataRow("{1}\n{2}\n", 4, DisplayName = "the length shrinks")]
    [DataRow("{1}\n{3}\n", 8, DisplayName = "a committed byte changes")]
    [DataRow("{1}\n", 8, DisplayName = "the file is shorter than committed")]
    [DataRow("{1}\n{2}\n{3", 10, DisplayName = "a line is cut")]
    public void CommittedSamples_ThatDoNotStay_AreAViolation(string text, int committed)
    {
        Put(text, committed);

        _output.Look(whole: true);

        Assert.IsNotNull(_output.Violation);
    }

    [TestMethod]
    public void CommittedFile_ThatIsForgotten_IsAViolation()
    {
        File.Delete(_folder["_committed.json"]);

        _output.Look(whole: false);

        Assert.IsNotNull(_output.Violation);
    }

    /// <summary>Each by a rename: the observer looks by itself all the time, and must not meet a file half written.</summary>
    private void Put(string text, int committed)
    {
        Replace(Samples, text);
        Replace("_committed.json", "{\"version\":1,\"files\":{\"" + Samples + "\":" + committed + "}}");
    }

    private void Replace(string name, string text)
    {
        File.WriteAllText(_folder["new"], text);
        File.Move(_folder["new"], _folder[name], overwrite: true);
    }
}
