using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class FileSinkFaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestMethod]
    public async Task FullDisk_DelaysSamplesAndLosesOrRepeatsNone()
    {
        using var folder = new TempFolder();
        var store = new FaultyStore();
        var clock = new FakeTimeProvider();
        MessageList log = new();
        await using FileSink sink = await Open(folder, store, clock, Timeout.InfiniteTimeSpan, log);
        await sink.WriteAsync(OutputBatches.Of(0, "before"), default);
        await sink.FlushAsync(default);

        store.FailingWrites = 20;
        store.FailingReplacements = 3;
        string large = new('x', 300 << 10);
        Task write = sink.WriteAsync(OutputBatches.Of(0, "while", large), default).AsTask();
        Assert.IsFalse(write.IsCompleted);
        await clock.PassUntil(write, Second);
        Assert.AreEqual(0, store.FailingWrites);
        await clock.PassUntil(sink.FlushAsync(default), Second);

        string path = folder["samples-0.jsonl"];
        Assert.AreEqual($"before\nwhile\n{large}\n", File.ReadAllText(path));
        Assert.AreEqual($$$"""{"version":1,"files":{"samples-0.jsonl":{{{new FileInfo(path).Length}}}}}""", File.ReadAllText(folder["_committed.json"]));
        Assert.HasCount(4, log, string.Join('\n', log));
        Assert.StartsWith($"Writing {large.Length + 7} bytes at 7 of {path} failed: No space left on device", log.First());
        Assert.Contains(" succeeded after ", log.ElementAt(1));
    }

    [TestMethod]
    public async Task DiskFullPastTheLimit_Throws()
    {
        using var folder = new TempFolder();
        var store = new FaultyStore { FailingWrites = int.MaxValue };
        var clock = new FakeTimeProvider();
        await using FileSink sink = await Open(folder, store, clock, TimeSpan.FromMinutes(1), []);
        await sink.WriteAsync(OutputBatches.Of(0, "a"), default);
        long began = clock.GetTimestamp();

        Task flush = sink.FlushAsync(default);
        SinkUnavailableException thrown = await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => clock.PassUntil(flush, Second));

        Assert.Contains("samples-0.jsonl", thrown.Message);
        Assert.IsFalse(thrown.Broker);
        Assert.IsGreaterThanOrEqualTo(TimeSpan.FromMinutes(1), clock.GetElapsedTime(began));
        Assert.IsFalse(File.Exists(folder["_committed.json"]));
    }

    [TestMethod]
    public async Task Stop_EndsTheWaitForADisk()
    {
        using var folder = new TempFolder();
        var store = new FaultyStore { FailingWrites = int.MaxValue };
        await using FileSink sink = await Open(folder, store, new FakeTimeProvider(), Timeout.InfiniteTimeSpan, []);
        using var stop = new CancellationTokenSource();
        await sink.WriteAsync(OutputBatches.Of(0, "a"), stop.Token);

        Task flush = sink.FlushAsync(stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => flush);
    }

    [TestMethod]
    public async Task FailedFsync_ThrowsAtOnceAndCommitsNothing()
    {
        using var folder = new TempFolder();
        var store = new FaultyStore();
        await using FileSink sink = await Open(folder, store, new FakeTimeProvider(), Timeout.InfiniteTimeSpan, []);
        await sink.WriteAsync(OutputBatches.Of(0, "a"), default);
        await sink.FlushAsync(default);
        await sink.WriteAsync(OutputBatches.Of(0, "b"), default);

        store.FailingSync = true;
        await Assert.ThrowsExactlyAsync<SinkUnavailableException>(() => sink.FlushAsync(default));

        Assert.AreEqual("""{"version":1,"files":{"samples-0.jsonl":2}}""", File.ReadAllText(folder["_committed.json"]));
    }

    /// <summary>Steps: 0 flush, 1 crash and restart, else a batch of that many samples, an odd one without keys between, with the disk full for (steps mod 3) writes.</summary>
    [TestMethod]
    public void AfterAnyCrashes_EachCommittedSampleIsThereOnce() =>
        Gen.Int[0, 40].Array[1, 20].Sample(
            steps =>
            {
                RunAsync(steps).GetAwaiter().GetResult();
            }, iter: 15);

    private static async Task RunAsync(int[] steps)
    {
        using var folder = new TempFolder();
        var store = new FaultyStore();
        var clock = new FakeTimeProvider();
        string committed = "", written = "";
        FileSink sink = await Open(folder, store, clock, Timeout.InfiniteTimeSpan, []);
        int sample = 0;
        foreach (int step in steps)
        {
            store.FailingWrites = step % 3;
            if (step == 0)
            {
                await clock.PassUntil(sink.FlushAsync(default), Second);
                committed = written;
            }
            else if (step == 1)
            {
                await sink.DisposeAsync();
                sink = await Open(folder, store, clock, Timeout.InfiniteTimeSpan, []);
                written = committed;
            }
            else
            {
                string[] values = [.. Enumerable.Range(0, step).Select(_ => $"{sample++}:{new string('v', step * 500)}")];
                OutputBatch batch = step % 2 == 0 ? OutputBatches.Of(0, values) : OutputBatches.Of(0, values.Select(static value => ("", value)));
                await clock.PassUntil(sink.WriteAsync(batch, default).AsTask(), Second);
                written += string.Concat(values.Select(static value => value + "\n"));
            }
        }
        await clock.PassUntil(sink.FlushAsync(default), Second);
        await sink.DisposeAsync();
        Assert.AreEqual(written, File.ReadAllText(folder["samples-0.jsonl"]));
    }

    private static async Task<FileSink> Open(TempFolder folder, IFileStore store, FakeTimeProvider clock, TimeSpan limit, MessageList log)
    {
        var settings = new SampleSinkSettings { Clock = clock, Lanes = 1, UnavailableLimit = limit, Log = log };
        var sink = new FileSink(new FileSinkOptions { Dir = folder.Path }, settings, store);
        await sink.OpenAsync(default);
        return sink;
    }
}
