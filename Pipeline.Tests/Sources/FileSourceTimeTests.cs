using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Blocks.Telemetry;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sources;

/// <summary>What a file source tells of its time. Its clock stands still but where a test moves it.</summary>
[TestClass]
public sealed class FileSourceTimeTests : IDisposable
{
    private readonly FileSourceFixture _files = new();
    private readonly StageClock _time;

    public FileSourceTimeTests() => _time = new StageClock("source", _files.Clock);

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task SourceWithoutRoom_AndOneWithoutLines_AreNotBusy()
    {
        _files.Write("a.jsonl", "1\n2\n");
        var intake = new BufferBlock<RecordBatch>(new DataflowBlockOptions { BoundedCapacity = 1 });
        using var stop = new CancellationTokenSource();
        FileSource source = _files.Source(_files.Context(untilEnd: false) with { Time = _time }, "a.jsonl");
        await source.OpenAsync(CancellationToken.None);

        Task run = source.RunAsync(intake, stop.Token);
        await Eventually.Holds(() => intake.Count == 1 && _time.Occupied == 0, "it waits for room");
        _files.Clock.Advance(TimeSpan.FromSeconds(3));
        while (_time.Read().Items < 2 || _time.Occupied > 0) intake.TryReceive(out _);
        _files.Clock.Advance(TimeSpan.FromMilliseconds(100));
        StageTimes times = _time.Read();
        await stop.CancelAsync();
        while (!run.IsCompleted) intake.TryReceive(out _);
        await run;

        Assert.AreEqual((3.1, 0.0, 2L, 1L), (times.Wall, times.Busy, times.Items, times.Batches));
    }

    [TestMethod]
    public async Task TimeBetweenWaits_IsBusy()
    {
        _files.Write("a.jsonl", "1\n2\n");
        // Two seconds for each batch that it takes at once: the notice, and the lines.
        var intake = new Taking(() => _files.Clock.Advance(TimeSpan.FromSeconds(2)));
        FileSource source = _files.Source(_files.Context(untilEnd: true) with { Time = _time }, "a.jsonl");
        await source.OpenAsync(CancellationToken.None);

        await source.RunAsync(intake, CancellationToken.None);
        _files.Clock.Advance(TimeSpan.FromSeconds(6));

        StageTimes times = _time.Read();
        Assert.AreEqual((10.0, 4.0, 6.0), (times.Wall, times.Busy, times.Idle));
        Assert.AreEqual(0, _time.Occupied);
    }

    [TestMethod]
    public async Task SourceThatFails_IsBusyNoMore()
    {
        _files.Write("a.jsonl", "1\n");
        var intake = new BufferBlock<RecordBatch>();
        FileSource source = _files.Source(_files.Context(untilEnd: true) with { Time = _time }, "a.jsonl");
        await source.OpenAsync(CancellationToken.None);
        intake.Complete();

        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => source.RunAsync(intake, CancellationToken.None));

        Assert.AreEqual(0, _time.Occupied);
    }

    /// <summary>Takes everything at once.</summary>
    private sealed class Taking(Action taken) : ITargetBlock<RecordBatch>
    {
        public Task Completion => Task.CompletedTask;

        public DataflowMessageStatus OfferMessage(DataflowMessageHeader messageHeader, RecordBatch messageValue, ISourceBlock<RecordBatch>? source, bool consumeToAccept)
        {
            taken();
            return DataflowMessageStatus.Accepted;
        }

        public void Complete()
        {
        }

        public void Fault(Exception exception)
        {
        }
    }
}
