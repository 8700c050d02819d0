using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class FileSinkProgressTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly FaultyStore _store = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Begin_CommitsTheProgressBeforeTheFirstSample()
    {
        await using FileSink sink = Make();
        Assert.IsNull(await sink.ReadProgressAsync(default));
        await sink.OpenAsync(default);
        Assert.IsFalse(File.Exists(_folder["_committed.json"]));

        await sink.BeginAsync(ProgressFixture.Nothing("first"), fresh: false, default);

        Assert.AreEqual(
            """{"version":1,"files":{"samples-0.jsonl":0},"progress":{"contract":1,"settings_hash":"5e77","owner":"first","origin":"the first start","commits":1,"watermark":-9223372036854775808,"""
            + "\"starts\":" + """[{"source":"logs/é \"a\".jsonl","number":0,"position":0,"end":9223372036854775807,"identity":""},"""
            + """{"source":"click","number":7,"position":41,"end":99,"identity":"topic-id"}],"points":{},"floors":{"sequence":0,"applied":[],"idle":[]}}}""",
            Read("_committed.json"));
    }

    [TestMethod]
    public async Task Flush_CommitsSamplesAndProgressTogether()
    {
        await using FileSink sink = await Begin(lanes: 2);
        OutputBatch first = ProgressFixture.Batch(0, (3, 1, "a"), (5, 1, "b"), (3, 2, "c"));
        first.Watermark = 70;
        first.Floors = new FloorHistory(4, [new PartitionFloor("click", 1, 10, 60)], [new IdlePartition("click", 2, 5)]);
        OutputBatch second = ProgressFixture.Batch(1, (40, 9, "d"));
        second.Watermark = 60;
        second.Floors = new FloorHistory(3, [], []);
        await sink.WriteAsync(first, default);
        await sink.WriteAsync(second, default);
        Assert.AreEqual(1, sink.Committed!.Commits);

        await sink.FlushAsync(default);

        Progress committed = sink.Committed!;
        Assert.AreEqual(2, committed.Commits);
        Assert.AreEqual("first", committed.Owner);
        Assert.AreEqual(70, committed.Watermark);
        Assert.AreEqual(4, committed.Floors.Sequence);
        Assert.AreEqual(ProgressFixture.PointOf(3, 2), committed.Points[3]);
        Assert.AreEqual(ProgressFixture.PointOf(5, 1), committed.Points[5]);
        Assert.AreEqual(ProgressFixture.PointOf(40, 9), committed.Points[40]);
        Assert.AreEqual(61, committed.Points.Count(static point => point == EmissionPoint.None));
        AssertSame(committed, (await sink.ReadProgressAsync(default))!);
        Assert.AreEqual("a\nb\nc\n" + "d\n", string.Concat(ProgressFixture.ReadCommitted(_folder.Path).Values));
    }

    /// <summary>A commit that is under way covers what was written before it, and what is written meanwhile waits for the next: neither samples nor progress run ahead.</summary>
    [TestMethod]
    public async Task WritingGoesOn_WhileACommitWaitsForItsDisk()
    {
        await using FileSink sink = await Begin();
        await sink.WriteAsync(ProgressFixture.Batch(0, (3, 1, "a")), default);
        Assert.IsFalse(_store.SyncWasCalled.Task.IsCompleted);
        _store.MaySync.Reset();
        Task commit = Task.Run(() => sink.FlushAsync(default));
        await _store.SyncWasCalled.Task.WaitAsync(Patience);

        string large = new('b', 2 * SinkFile.ChunkBytes);
        await sink.WriteAsync(ProgressFixture.Batch(0, (3, 2, large)), default).AsTask().WaitAsync(Patience);

        Assert.IsFalse(commit.IsCompleted);
        Assert.IsGreaterThan(2L * SinkFile.ChunkBytes, new FileInfo(_folder["samples-0.jsonl"]).Length);
        _store.MaySync.Set();
        await commit.WaitAsync(Patience);
        Assert.AreEqual(ProgressFixture.PointOf(3, 1), sink.Committed!.Points[3]);
        Assert.AreEqual("a\n", string.Concat(ProgressFixture.ReadCommitted(_folder.Path).Values));
        await sink.FlushAsync(default);
        Assert.AreEqual(ProgressFixture.PointOf(3, 2), sink.Committed!.Points[3]);
        Assert.AreEqual($"a\n{large}\n", string.Concat(ProgressFixture.ReadCommitted(_folder.Path).Values));
    }

    /// <summary>Neither what the commit was to cover nor what was written meanwhile may be committed later: the kernel may have dropped either.</summary>
    [TestMethod]
    public async Task FailedFsync_WhileWritingGoesOn_EndsTheSink()
    {
        await using FileSink sink = await Begin();
        string before = Read("_committed.json");
        await sink.WriteAsync(ProgressFixture.Batch(0, (3, 1, "a")), default);
        Assert.IsFalse(_store.SyncWasCalled.Task.IsCompleted);
        _store.MaySync.Reset();
        Task commit = Task.Run(() => sink.FlushAsync(default));
        await _store.SyncWasCalled.Task.WaitAsync(Patience);
        await sink.WriteAsync(ProgressFixture.Batch(0, (3, 2, "b")), default);

        _store.FailingSync = true;
        _store.MaySync.Set();

        await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => commit.WaitAsync(Patience));
        _store.FailingSync = false;
        await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => sink.FlushAsync(default));
        await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => sink.WriteAsync(ProgressFixture.Batch(0, (3, 3, "c")), default).AsTask());
        Assert.AreEqual(before, Read("_committed.json"));
        Assert.AreEqual(1, sink.Committed!.Commits);
    }

    /// <summary>Values that lie together are written without a copy; small batches, and those with keys between, by way of the buffer; the order stays.</summary>
    [TestMethod]
    public async Task SamplesAreWrittenInOrder_WhetherBufferedOrNot()
    {
        await using FileSink sink = await Begin();
        string[] values = ["small", new('a', SinkFile.ChunkBytes), "tail", new('b', SinkFile.ChunkBytes / 2)];
        for (int i = 0; i < 4; i++)
        {
            (int, int, string)[] samples = [(0, 2 * i, values[i]), (0, (2 * i) + 1, $"{i}")];
            await sink.WriteAsync(i == 3 ? ProgressFixture.Batch(0, samples) : ProgressFixture.Lines(0, samples), default);
            if (i == 1) await sink.FlushAsync(default);
        }
        _store.Writes.Clear();
        await sink.FlushAsync(default);
        await sink.WriteAsync(ProgressFixture.Lines(0, (0, 8, values[1]), (0, 9, "9")), default);

        CollectionAssert.AreEqual(new[] { "tail\n2\n".Length + values[3].Length + "\n3\n".Length, SinkFile.ChunkBytes + "\n9\n".Length }, _store.Writes);
        await sink.FlushAsync(default);
        Assert.AreEqual(
            $"small\n0\n{values[1]}\n1\ntail\n2\n{values[3]}\n3\n{values[1]}\n9\n", string.Concat(ProgressFixture.ReadCommitted(_folder.Path).Values));
    }

    [TestMethod]
    public async Task Batches_AreReleasedOnceBuffered()
    {
        await using FileSink sink = await Begin();
        int released = 0;
        var batch = new OutputBatch(_ => released++);
        batch.Room(4)[0] = (byte)'\n';
        batch.BytesUsed = 1;
        batch.Add(new OutputRecord(0, 0, 0, 0));
        batch.Note(ProgressFixture.PointOf(0, 1));

        await sink.WriteAsync(batch, default);

        Assert.AreEqual(1, released);
    }

    [TestMethod]
    public async Task QuietFlow_IsCommittedAfterTheInterval()
    {
        await using FileSink sink = await Begin();
        await sink.WriteAsync(ProgressFixture.Batch(0, (1, 1, "a")), default);

        _clock.Advance(FileSink.CommitInterval);

        await Eventually.Holds(() => sink.Committed!.Commits == 2, "the sample is committed");
        Assert.AreEqual("a\n", ProgressFixture.ReadCommitted(_folder.Path)["samples-0.jsonl"]);
        _clock.Advance(FileSink.CommitInterval);
        await sink.FlushAsync(default);
        Assert.AreEqual(2, sink.Committed!.Commits, "nothing new, nothing committed");
    }

    [TestMethod]
    public async Task FailedCommitByTime_IsToldToTheNextCallAndNothingIsCommittedAnyMore()
    {
        await using FileSink sink = await Begin();
        await sink.WriteAsync(ProgressFixture.Batch(0, (1, 1, "a")), default);
        string before = Read("_committed.json");

        _store.FailingSync = true;
        _clock.Advance(FileSink.CommitInterval);
        await Eventually.Holds(() => _store.FailedSyncs == 1, "the commit has failed");
        _store.FailingSync = false;

        await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => sink.FlushAsync(default));
        await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => sink.WriteAsync(ProgressFixture.Batch(0, (1, 2, "b")), default).AsTask());
        Assert.AreEqual(before, Read("_committed.json"));
    }

    [TestMethod]
    public async Task Restart_GoesOnBehindTheCommittedProgress()
    {
        await using (FileSink first = await Begin())
        {
            await first.WriteAsync(ProgressFixture.Batch(0, (1, 1, "kept")), default);
            await first.FlushAsync(default);
            await first.WriteAsync(ProgressFixture.Batch(0, (1, 2, new string('x', 300 << 10))), default);
        }

        await using FileSink second = Make();
        await second.OpenAsync(default);
        Assert.AreEqual((300 << 10) + 6, new FileInfo(_folder["samples-0.jsonl"]).Length, "opening cuts nothing");
        Progress read = (await second.ReadProgressAsync(default))!;
        Assert.AreEqual(ProgressFixture.PointOf(1, 1), read.Points[1]);
        await second.BeginAsync(read with { Owner = "second" }, fresh: false, default);

        Assert.AreEqual("kept\n", Read("samples-0.jsonl"));
        Assert.AreEqual("second", (await second.ReadProgressAsync(default))!.Owner);
        await second.WriteAsync(ProgressFixture.Batch(0, (1, 2, "next")), default);
        await second.FlushAsync(default);
        Assert.AreEqual("kept\nnext\n", ProgressFixture.ReadCommitted(_folder.Path)["samples-0.jsonl"]);
        Assert.AreEqual(4, second.Committed!.Commits);
    }

    [TestMethod]
    public async Task FreshBegin_DiscardsSamplesAndProgress()
    {
        Write("samples-3.jsonl", "old\n");
        Write("_committed.json", """{"version":1,"files":{"samples-3.jsonl":99}}""");

        await using FileSink sink = Make(fresh: true);
        await sink.OpenAsync(default);
        Assert.AreEqual("old\n", Read("samples-3.jsonl"));
        await sink.BeginAsync(ProgressFixture.Nothing("new"), fresh: true, default);

        Assert.AreEqual("", Read("samples-3.jsonl"));
        Assert.StartsWith("""{"version":1,"files":{"samples-0.jsonl":0},"progress":{""", Read("_committed.json"));
    }

    [TestMethod]
    public async Task FreshBeginCutShort_LeavesNothingThatCounts()
    {
        await using (FileSink first = await Begin())
        {
            await first.WriteAsync(ProgressFixture.Batch(0, (1, 1, "old")), default);
            await first.FlushAsync(default);
        }
        FileSink cut = Make(fresh: true);
        await cut.OpenAsync(default);
        _store.FailingSync = true;
        _store.FailingReplacements = int.MaxValue;
        Task begun = cut.BeginAsync(ProgressFixture.Nothing("cut"), fresh: true, default);
        await Eventually.Holds(() => _store.FailingReplacements < int.MaxValue, "the lengths could not be written");
        Assert.IsFalse(begun.IsCompleted);
        await cut.DisposeAsync();
        _store.FailingSync = false;
        _store.FailingReplacements = 0;

        await using FileSink next = Make();
        await next.OpenAsync(default);

        Assert.IsNull(await next.ReadProgressAsync(default));
        Assert.IsEmpty(ProgressFixture.ReadCommitted(_folder.Path));
    }

    [TestMethod]
    public async Task ShorterFile_IsRefusedAtOpeningAndLetsTheLockGo()
    {
        Write("_committed.json", """{"version":1,"files":{"samples-0.jsonl":5}}""");
        Write("samples-0.jsonl", "c\n");

        await using FileSink sink = Make();
        SinkRefusedException refused = await Assert.ThrowsExactlyAsync<SinkRefusedException>(() => sink.OpenAsync(default));
        Assert.AreEqual($"{_folder["samples-0.jsonl"]}: expected 5 committed bytes, found 2", refused.Message);

        Write("samples-0.jsonl", "whole\n");
        await using FileSink mended = Make();
        await mended.OpenAsync(default);
    }

    [TestMethod]
    [DataRow(DeliveryMode.ExactlyOnce)]
    [DataRow(DeliveryMode.AtLeastOnce)]
    public async Task SecondSinkOnTheDirectory_IsRefusedAndTheFirstUndisturbed(DeliveryMode delivery)
    {
        await using FileSink first = await Begin();
        await first.WriteAsync(ProgressFixture.Batch(0, (1, 1, new string('x', 300 << 10))), default);
        long written = new FileInfo(_folder["samples-0.jsonl"]).Length;

        await using FileSink second = Make(delivery: delivery);
        SinkLockedException locked = await Assert.ThrowsExactlyAsync<SinkLockedException>(() => second.OpenAsync(default));

        Assert.Contains(_folder["_samples.lock"], locked.Message);
        Assert.AreEqual(written, new FileInfo(_folder["samples-0.jsonl"]).Length);
        await first.FlushAsync(default);
    }

    [TestMethod]
    public async Task AtLeastOnce_HasNoProgressAndReadsFilesWithOne()
    {
        await using (FileSink exact = await Begin())
        {
            await exact.WriteAsync(ProgressFixture.Batch(0, (1, 1, "a")), default);
            await exact.FlushAsync(default);
        }

        await using FileSink sink = Make(delivery: DeliveryMode.AtLeastOnce);
        Assert.IsNull(await sink.ReadProgressAsync(default));
        await sink.OpenAsync(default);
        await sink.BeginAsync(ProgressFixture.Nothing("x"), fresh: true, default);
        await sink.WriteAsync(OutputBatches.Of(0, "b"), default);
        await sink.FlushAsync(default);

        Assert.IsNull(sink.Committed);
        Assert.AreEqual("""{"version":1,"files":{"samples-0.jsonl":4}}""", Read("_committed.json"));
    }

    [TestMethod]
    public async Task SampleAtOrBeforeTheProgress_IsALostInvariant()
    {
        await using FileSink sink = await Begin();
        await sink.WriteAsync(ProgressFixture.Batch(0, (1, 5, "a")), default);

        InvariantException lost = await Assert.ThrowsExactlyAsync<InvariantException>(() => sink.WriteAsync(ProgressFixture.Batch(0, (1, 5, "a")), default).AsTask());

        Assert.Contains("key group 1", lost.Message);
    }

    [TestMethod]
    public async Task SamplesWithoutTheirPlaces_AreALostInvariant()
    {
        await using FileSink sink = await Begin();

        await Assert.ThrowsExactlyAsync<InvariantException>(() => sink.WriteAsync(OutputBatches.Of(0, "a"), default).AsTask());
    }

    [TestMethod]
    [DataRow("""{"contract":1}""")]
    [DataRow("""{"contract":1,"settings_hash":null,"owner":"","commits":0,"watermark":0,"starts":[],"points":{},"floors":{"sequence":0,"applied":[],"idle":[]}}""")]
    [DataRow("""{"contract":1,"settings_hash":"","owner":"","commits":0,"watermark":0,"starts":[],"points":{"2":{"time":1,"key":"00000000000000000000000000000001","start":1,"revision":0}},"floors":{"sequence":0,"applied":[],"idle":[]}}""")]
    [DataRow("""{"contract":1,"settings_hash":"","owner":"","commits":0,"watermark":0,"starts":[],"points":{"1":{"time":1,"key":"01","start":1,"revision":0}},"floors":{"sequence":0,"applied":[],"idle":[]}}""")]
    [DataRow("7")]
    public async Task DamagedProgress_IsRefused(string progress)
    {
        Write("_committed.json", $$$"""{"version":1,"files":{},"progress":{{{progress}}}}""");
        await using FileSink sink = Make();

        await Assert.ThrowsExactlyAsync<SinkRefusedException>(() => sink.ReadProgressAsync(default));
        await Assert.ThrowsExactlyAsync<SinkRefusedException>(() => sink.OpenAsync(default));
    }

    private static void AssertSame(Progress expected, Progress found)
    {
        Assert.AreEqual(expected with { Starts = [], Points = [], Floors = FloorHistory.Empty }, found with { Starts = [], Points = [], Floors = FloorHistory.Empty });
        CollectionAssert.AreEqual(expected.Starts.ToArray(), found.Starts.ToArray());
        CollectionAssert.AreEqual(expected.Points.ToArray(), found.Points.ToArray());
        Assert.AreEqual(expected.Floors.Sequence, found.Floors.Sequence);
        CollectionAssert.AreEqual(expected.Floors.Applied.ToArray(), found.Floors.Applied.ToArray());
        CollectionAssert.AreEqual(expected.Floors.Idle.ToArray(), found.Floors.Idle.ToArray());
    }

    private FileSink Make(int lanes = 1, bool fresh = false, DeliveryMode delivery = DeliveryMode.ExactlyOnce)
    {
        var settings = new SampleSinkSettings { Clock = _clock, Lanes = lanes, Fresh = fresh, Delivery = delivery };
        return new FileSink(new FileSinkOptions { Dir = _folder.Path }, settings, _store);
    }

    private async Task<FileSink> Begin(int lanes = 1)
    {
        FileSink sink = Make(lanes);
        await sink.OpenAsync(default);
        await sink.BeginAsync(ProgressFixture.Nothing("first"), fresh: false, default);
        return sink;
    }

    private void Write(string name, string content) => File.WriteAllText(_folder[name], content);

    private string Read(string name) => File.ReadAllText(_folder[name]);
}
