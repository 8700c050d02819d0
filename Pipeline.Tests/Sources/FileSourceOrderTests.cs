using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
public sealed class FileSourceOrderTests : IDisposable
{
    private const int Lines = 40;
    private readonly FileSourceFixture _files = new();
    private readonly List<string> _order = [];

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task FilesWithoutAnEventTimeYet_TakeTurns()
    {
        await RunAsync(static (_, _) => { });

        for (int i = 0; i < _order.Count; i++) Assert.AreEqual(i % 2 == 0 ? "a" : "b", _order[i], string.Join(' ', _order));
    }

    [TestMethod]
    public async Task FileAheadByMoreThanTheDrift_WaitsForTheOther()
    {
        long[] time = [0, 0];

        await RunAsync((partition, batch) =>
        {
            time[partition.Index] += batch.RecordCount * (partition.Index == 0 ? 1_000 : 50_000);
            partition.MaxEventTime = time[partition.Index];
        });

        int lastOfSlow = _order.LastIndexOf("a");
        int fastBefore = _order.Take(lastOfSlow).Count(static name => name == "b");
        Assert.IsLessThanOrEqualTo(5, fastBefore, string.Join(' ', _order));
        Assert.AreEqual(Lines, _order.Count(static name => name == "b"));
    }

    /// <summary>Reads two files of equal length, a record a batch; <paramref name="taken"/> plays the partition block.</summary>
    private async Task RunAsync(Action<SourcePartition, RecordBatch> taken)
    {
        string text = string.Concat(Enumerable.Range(0, Lines).Select(static i => $"{i}\n"));
        _files.Write("a", text);
        _files.Write("b", text);
        var intake = new SourceIntake(capacity: 1, batch =>
        {
            if (batch.RecordCount > 0) _order.Add(Path.GetFileName(batch.Partition!.Source));
            if (batch.Notice == PartitionNotice.Ended) batch.Partition!.State = PartitionState.Ended;
            else if (batch.RecordCount > 0) taken(batch.Partition!, batch);
            return Task.CompletedTask;
        });
        FileSource source = _files.Source(_files.Context(untilEnd: true) with { BatchRecords = 1 }, "a", "b");
        await source.OpenAsync(CancellationToken.None);
        Task run = source.RunAsync(intake.Block, CancellationToken.None);
        await intake.UntilAsync(_ => run.IsCompleted, _files.Clock, run);
        await run;
        await intake.CompleteAsync();
    }
}
