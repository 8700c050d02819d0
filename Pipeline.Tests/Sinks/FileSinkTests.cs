using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class FileSinkTests : IDisposable
{
    private const int Mebi = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Samples_StandInTheFileOfTheirLaneInOrder()
    {
        await using FileSink sink = await Open(lanes: 2);

        await sink.WriteAsync(OutputBatches.Of(0, "a", "b"), default);
        await sink.WriteAsync(OutputBatches.Of(1, "c"), default);
        await sink.WriteAsync(OutputBatches.Of(0, "d"), default);
        await sink.FlushAsync(default);

        Assert.AreEqual("a\nb\nd\n", Read("samples-0.jsonl"));
        Assert.AreEqual("c\n", Read("samples-1.jsonl"));
        Assert.AreEqual("""{"version":1,"files":{"samples-0.jsonl":6,"samples-1.jsonl":2}}""", Read("_committed.json"));
    }

    [TestMethod]
    public async Task WhileSamplesCome_WritesAreLarge()
    {
        var store = new FaultyStore();
        await using FileSink sink = await Open(store: store);
        string value = new('v', 1000);
        string all = "";

        for (int batch = 0; batch < 10; batch++)
        {
            await sink.WriteAsync(OutputBatches.Of(0, Enumerable.Repeat(value, 100)), default);
            all += string.Concat(Enumerable.Repeat(value + "\n", 100));
        }

        Assert.IsNotEmpty(store.Writes);
        Assert.IsTrue(store.Writes.TrueForAll(static bytes => bytes >= 256 << 10), string.Join(' ', store.Writes));
        await sink.FlushAsync(default);
        Assert.AreEqual(all, Read("samples-0.jsonl"));
    }

    [TestMethod]
    public async Task CommittedSamples_GiveTheirMemoryBackButThoseAtTheEnd()
    {
        var store = new FaultyStore();
        await using FileSink sink = await Open(store: store);
        string value = new('v', Mebi - 1);
        for (int batch = 1; batch <= 100; batch++)
        {
            await sink.WriteAsync(OutputBatches.Of(0, value), default);
            if (batch % 25 == 0) await sink.FlushAsync(default);
        }
        await sink.WriteAsync(OutputBatches.Of(0, Enumerable.Repeat(value, 50)), default);

        // Of 75 MiB committed, of 100, and of no more: what is not committed is not durable.
        long[] ends = [75 * Mebi - SinkFile.FollowedBytes, 100 * Mebi - SinkFile.FollowedBytes];
        CollectionAssert.AreEqual(new[] { (0L, ends[0]), (ends[0], ends[1] - ends[0]) }, store.Releases);
        await sink.FlushAsync(default);
        Assert.AreEqual(150L * Mebi, new FileInfo(Path.Combine(_folder.Path, "samples-0.jsonl")).Length);
        Assert.AreEqual(150, File.ReadLines(Path.Combine(_folder.Path, "samples-0.jsonl")).Count(line => line == value));
    }

    [TestMethod]
    public async Task SamplesBeginToBeWrittenBeforeTheirCommit()
    {
        var store = new FaultyStore();
        await using FileSink sink = await Open(store: store);
        string value = new('v', Mebi - 1);
        int batches = 0;
        for (int asked = 1; asked <= 2; asked++)
        {
            // Several times as much as is asked for: the disk is asked for more once it has begun what it was asked for before.
            for (int part = 0; part < 4 * (int)(SinkFile.WriteBackBytes / Mebi); part++, batches++) await sink.WriteAsync(OutputBatches.Of(0, value), default);
            await Eventually.Holds(() => store.WriteBacks.Count >= asked, $"the disk has begun to write {asked} times");
        }
        Assert.IsFalse(store.SyncWasCalled.Task.IsCompleted);
        Assert.IsFalse(File.Exists(_folder["_committed.json"]));

        long end = 0;
        foreach ((long from, long length) in store.WriteBacks)
        {
            Assert.AreEqual(end, from);
            Assert.IsGreaterThanOrEqualTo(SinkFile.WriteBackBytes, length);
            end += length;
        }
        await sink.FlushAsync(default);
        Assert.AreEqual(batches * (long)Mebi, new FileInfo(_folder["samples-0.jsonl"]).Length);
    }

    [TestMethod]
    public async Task NoThreadOfThePoolWaitsForADiskToCommit()
    {
        var store = new FaultyStore();
        await using FileSink sink = await Open(store: store);
        await sink.WriteAsync(OutputBatches.Of(0, new string('v', 2 * (int)SinkFile.WriteBackBytes)), default);
        await sink.FlushAsync(default);

        Assert.IsTrue(store.SyncWasCalled.Task.IsCompleted);
        Assert.HasCount(1, store.WriteBacks);
        Assert.IsFalse(store.PoolWaited);
    }

    [TestMethod]
    public async Task WhatTheDiskCouldNotBeginToWrite_IsNotCommitted()
    {
        var store = new FaultyStore();
        await using FileSink sink = await Open(store: store);
        await sink.WriteAsync(OutputBatches.Of(0, "before"), default);
        await sink.FlushAsync(default);
        store.FailingWriteBack = true;
        await sink.WriteAsync(OutputBatches.Of(0, new string('v', 2 * (int)SinkFile.WriteBackBytes)), default);

        SinkUnavailableException thrown = await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => sink.FlushAsync(default));

        Assert.Contains("samples-0.jsonl", thrown.Message);
        Assert.Contains("Structure needs cleaning", thrown.Message);
        Assert.AreEqual("""{"version":1,"files":{"samples-0.jsonl":7}}""", Read("_committed.json"));
    }

    [TestMethod]
    public async Task WhatWasNotCommitted_IsCutAtTheNextStart()
    {
        string large = new('x', 300 << 10);
        await using (FileSink first = await Open())
        {
            await first.WriteAsync(OutputBatches.Of(0, "kept"), default);
            await first.FlushAsync(default);
            await first.WriteAsync(OutputBatches.Of(0, large), default);
        }
        Assert.AreEqual($"kept\n{large}\n", Read("samples-0.jsonl"));

        await using FileSink second = await Open();
        Assert.AreEqual("kept\n", Read("samples-0.jsonl"));
        await second.WriteAsync(OutputBatches.Of(0, "next"), default);
        await second.FlushAsync(default);

        Assert.AreEqual("kept\nnext\n", Read("samples-0.jsonl"));
        Assert.AreEqual("""{"version":1,"files":{"samples-0.jsonl":10}}""", Read("_committed.json"));
    }

    [TestMethod]
    public async Task FileShorterThanCommitted_IsRefusedAndNothingIsChanged()
    {
        Write("_committed.json", """{"version":1,"files":{"samples-0.jsonl":2,"samples-1.jsonl":5}}""");
        Write("samples-0.jsonl", "a\nb\n");
        Write("samples-1.jsonl", "c\n");

        SinkRefusedException refused = await Assert.ThrowsExactlyAsync<SinkRefusedException>(() => Open(lanes: 2));

        Assert.AreEqual($"{_folder["samples-1.jsonl"]}: expected 5 committed bytes, found 2", refused.Message);
        Assert.AreEqual("a\nb\n", Read("samples-0.jsonl"));
    }

    [TestMethod]
    [DataRow("{")]
    [DataRow("""{"version":2,"files":{}}""")]
    [DataRow("""{"version":1}""")]
    [DataRow("""{"version":1,"files":{"samples-0.jsonl":"2"}}""")]
    [DataRow("[]")]
    public async Task DamagedCommittedLengths_AreRefused(string content)
    {
        Write("_committed.json", content);

        await Assert.ThrowsExactlyAsync<SinkRefusedException>(() => Open());
    }

    [TestMethod]
    public async Task SampleFilesThatWereNeverCommitted_AreEmptiedAndOthersLeftAlone()
    {
        Write("samples-7.jsonl", "torn");
        Write("samples-0.csv", "torn");
        Write("samples-copy.jsonl", "somebody's");

        await using FileSink sink = await Open();

        Assert.AreEqual("", Read("samples-7.jsonl"));
        Assert.AreEqual("", Read("samples-0.csv"));
        Assert.AreEqual("somebody's", Read("samples-copy.jsonl"));
    }

    [TestMethod]
    public async Task LanesOfAnEarlierRun_KeepTheirCommittedLengths()
    {
        Write("_committed.json", """{"version":1,"files":{"samples-3.jsonl":2}}""");
        Write("samples-3.jsonl", "a\ntorn");

        await using FileSink sink = await Open();
        await sink.FlushAsync(default);

        Assert.AreEqual("a\n", Read("samples-3.jsonl"));
        Assert.AreEqual("""{"version":1,"files":{"samples-0.jsonl":0,"samples-3.jsonl":2}}""", Read("_committed.json"));
    }

    [TestMethod]
    public async Task FreshStart_DiscardsWhatWasCommitted()
    {
        Write("_committed.json", """{"version":1,"files":{"samples-0.jsonl":2,"samples-3.jsonl":99}}""");
        Write("samples-0.jsonl", "a\n");
        Write("samples-3.jsonl", "b\n");

        await using FileSink sink = await Open(fresh: true);

        Assert.IsFalse(File.Exists(_folder["_committed.json"]));
        Assert.AreEqual("", Read("samples-0.jsonl") + Read("samples-3.jsonl"));
    }

    [TestMethod]
    public async Task Header_StandsAtTheTopOfEachNewFileOnly()
    {
        await using (FileSink first = await Open(header: "h1,h2\n"))
        {
            await first.FlushAsync(default);
            Assert.AreEqual("h1,h2\n", Read("samples-0.csv"));
            await first.WriteAsync(OutputBatches.Of(0, "1,2"), default);
            await first.FlushAsync(default);
        }

        await using FileSink second = await Open(header: "h1,h2\n");
        await second.WriteAsync(OutputBatches.Of(0, "3,4"), default);
        await second.FlushAsync(default);

        Assert.AreEqual("h1,h2\n1,2\n3,4\n", Read("samples-0.csv"));
    }

    private async Task<FileSink> Open(int lanes = 1, string? header = null, bool fresh = false, IFileStore? store = null)
    {
        var settings = new SampleSinkSettings
        {
            Clock = new FakeTimeProvider(),
            Lanes = lanes,
            Extension = header is null ? "jsonl" : "csv",
            Header = System.Text.Encoding.UTF8.GetBytes(header ?? ""),
            Fresh = fresh,
        };
        var sink = new FileSink(new FileSinkOptions { Dir = _folder.Path }, settings, store ?? FileStore.Real);
        await sink.OpenAsync(default);
        return sink;
    }

    private void Write(string name, string content) => File.WriteAllText(_folder[name], content);

    private string Read(string name) => File.ReadAllText(_folder[name]);
}
