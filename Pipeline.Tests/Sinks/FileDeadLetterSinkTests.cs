using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class FileDeadLetterSinkTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly PartitionDirectory _directory = new();

    public FileDeadLetterSinkTests()
    {
        _directory.Register("logs/click.jsonl", 0, [1], hasTimestamps: false);
        _directory.Register("clicks", 7, [1], hasTimestamps: true);
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Letter_SaysWhyAndWhereFromAndHoldsTheOriginalBytes()
    {
        var batch = new DeadLetterBatch();
        batch.Add(DeadLetterReason.Malformed, 1, 0, 12, SourcePartition.NoTime, """{"k":"ü<'>"""u8);
        batch.Add(DeadLetterReason.FutureTime, 0, 1, 34, 1_764_000_000_000, [0xFF, 0x00, 0x41]);
        batch.Add(DeadLetterReason.Empty, 1, 1, 35, 5, [], noValue: true);
        batch.Add(DeadLetterReason.Empty, 1, 1, 36, 6, []);

        await using FileDeadLetterSink sink = await Open();
        await sink.WriteAsync(batch, default);
        await sink.FlushAsync(default);

        Assert.AreEqual(
            """
            {"reason":"malformed","stream":"click","source":"logs/click.jsonl","partition":0,"offset":12,"value":"{\"k\":\"ü<'>"}
            {"reason":"future_time","stream":"exposure","source":"clicks","partition":7,"offset":34,"timestamp":1764000000000,"value_base64":"/wBB"}
            {"reason":"empty","stream":"click","source":"clicks","partition":7,"offset":35,"timestamp":5,"value":null}
            {"reason":"empty","stream":"click","source":"clicks","partition":7,"offset":36,"timestamp":6,"value":""}

            """, Read());
    }

    [TestMethod]
    public async Task LaterRuns_AppendBehindTheLastWholeLine()
    {
        string torn = "{\"reason\":\"late\",\"value\":\"" + new string('v', 10_000);
        File.WriteAllText(_folder[FileDeadLetterSink.FileName], "{}\n" + torn);
        var batch = new DeadLetterBatch();
        batch.Add(DeadLetterReason.Late, 1, 0, 1, SourcePartition.NoTime, "a"u8);

        await using (FileDeadLetterSink sink = await Open())
        {
            await sink.WriteAsync(batch, default);
            await sink.FlushAsync(default);
        }

        Assert.AreEqual("{}\n" + """{"reason":"late","stream":"click","source":"logs/click.jsonl","partition":0,"offset":1,"value":"a"}""" + "\n", Read());
    }

    [TestMethod]
    public async Task SecondSinkOnTheDirectory_IsRefused()
    {
        await using FileDeadLetterSink first = await Open();

        SinkLockedException locked = await Assert.ThrowsExactlyAsync<SinkLockedException>(() => Open());

        Assert.Contains(_folder["_dead-letters.lock"], locked.Message);
        await using var samples = new FileSink(new FileSinkOptions { Dir = _folder.Path }, new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1 });
        await samples.OpenAsync(default);
    }

    [TestMethod]
    public async Task FullDisk_DelaysLettersAndLosesNone()
    {
        var store = new FaultyStore { FailingWrites = 5 };
        var clock = new FakeTimeProvider();
        var batch = new DeadLetterBatch();
        for (int letter = 0; letter < 1000; letter++) batch.Add(DeadLetterReason.Orphaned, 1, 0, letter, 0, Encoding.UTF8.GetBytes(new string('v', 500)));

        await using FileDeadLetterSink sink = await Open(store, clock);
        await clock.PassUntil(sink.WriteAsync(batch, default).AsTask(), TimeSpan.FromSeconds(1));
        await clock.PassUntil(sink.FlushAsync(default), TimeSpan.FromSeconds(1));

        string[] lines = Read().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(1000, lines);
        for (int letter = 0; letter < 1000; letter++) Assert.Contains($"\"offset\":{letter},", lines[letter]);
    }

    private async Task<FileDeadLetterSink> Open(IFileStore? store = null, TimeProvider? clock = null)
    {
        var settings = new DeadLetterSinkSettings { Clock = clock ?? new FakeTimeProvider(), StreamNames = ["exposure", "click"], Directory = _directory };
        var sink = new FileDeadLetterSink(new FileSinkOptions { Dir = _folder.Path }, settings, store ?? FileStore.Real);
        await sink.OpenAsync(default);
        return sink;
    }

    private string Read() => File.ReadAllText(_folder[FileDeadLetterSink.FileName]);
}
