using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Tests.Sources;

namespace Pipeline.Tests.Records;

[TestClass]
public sealed class PartitionDirectoryTests
{
    private readonly PartitionDirectory _directory = new(["exposure", "click", "like"]);

    [TestMethod]
    public void PartitionOfTheSameStreams_IsTheSameAgain()
    {
        SourcePartition first = _directory.Register("log", 3, [0, 1], hasTimestamps: true);

        Assert.AreSame(first, _directory.Register("log", 3, [0, 1], hasTimestamps: true));
        Assert.AreEqual(1, _directory.Count);
    }

    [TestMethod]
    public void PartitionOfOtherStreams_IsRefused_AndBothAreNamed()
    {
        _directory.Register("log", 3, [0], hasTimestamps: true);

        PartitionConflictException thrown = Assert.ThrowsExactly<PartitionConflictException>(() => _directory.Register("log", 3, [1, 2], hasTimestamps: true));

        Assert.Contains("log-3 is read by the source of 'exposure' and by the source of 'click', 'like'", thrown.Message);
        Assert.AreEqual(1, _directory.Count);
    }

    [TestMethod]
    public async Task OverlappingGlobs_AreRefusedBeforeAnythingIsRead()
    {
        using var files = new FileSourceFixture();
        files.Write("all-0.jsonl", "{}\n");
        files.Write("all-click.jsonl", "{}\n");
        FileSource exposures = files.Source(files.Context(untilEnd: true), "all-*.jsonl");
        FileSource clicks = files.Source(files.Context(untilEnd: true) with { Streams = [1] }, "*-click.jsonl");
        await exposures.OpenAsync(CancellationToken.None);

        PartitionConflictException thrown = await Assert.ThrowsExactlyAsync<PartitionConflictException>(() => clicks.OpenAsync(CancellationToken.None));

        Assert.Contains(files.PathOf("all-click.jsonl"), thrown.Message);
    }
}
