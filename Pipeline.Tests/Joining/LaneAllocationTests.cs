using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Joining;

/// <summary>Partition and join allocate nothing per record once their buffers have grown.</summary>
[TestClass]
[DoNotParallelize] // A pool that another test empties meanwhile would be filled anew here.
public sealed class LaneAllocationTests
{
    private const int BatchEvents = 1_000;
    private const long WindowMs = 2_000;

    /// <summary>Allocations of pools that grow now and then are spread over many records; a byte for every 20 records is none per record.</summary>
    private const double MostBytesPerRecord = 0.05;

    [TestMethod]
    public void PartitionAndJoinOnFaster_AllocateNothingPerRecord()
    {
        using var folder = new TempFolder();
        var directory = new PartitionDirectory();
        SourcePartition partition = directory.Register("log", 0, [0, 1], false);
        var partitioner = new Partitioner(
            new LaneMap(2), new WatermarkTracker(directory, new TimeOptions { OutOfOrderness = TimeSpan.FromMilliseconds(500) }, [Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan]),
            [0, 0], keepLetters: false);
        LaneJoin[] lanes = [Lane(folder, 0), Lane(folder, 1)];
        LaneBatch[] batches = [new LaneBatch(), new LaneBatch()];
        var output = new SampleBatch(1);
        RecordBatch[] records = [.. Enumerable.Range(0, 40).Select(_ => Batch(partition))];
        long time = 1_700_000_000_000;
        long samples = 0;
        // The first five minutes of event time grow buffers, pools and the slots of the wheel, and let the JIT finish.
        for (int round = 0; round < 3_000; round++) samples += Round();
        Assert.IsGreaterThan(5_000, samples);
        samples = 0;
        const int Rounds = 400;
        long allocated = Allocations.Least(() =>
        {
            for (int round = 0; round < Rounds; round++) samples += Round();
        });

        Assert.IsGreaterThan(5_000, samples, "windows closed while it was measured");
        double perRecord = (double)allocated / (Rounds * BatchEvents);
        Assert.IsLessThan(MostBytesPerRecord, perRecord, $"{allocated} bytes for {Rounds * BatchEvents} records");
        foreach (LaneJoin lane in lanes) lane.Dispose();

        long Round()
        {
            RecordBatch batch = records[time / 100 % records.Length];
            batch.AddLeases(1);
            for (int i = 0; i < batch.EventCount; i++) batch.Events[i].Time = time + (i * 7 % 100);
            time += 100;
            partitioner.Process(batch, batches, null);
            long closed = 0;
            for (int lane = 0; lane < lanes.Length; lane++)
            {
                lanes[lane].Accept(batches[lane]);
                batches[lane].Records?.Release();
                batches[lane].Clear();
                bool more;
                do
                {
                    more = lanes[lane].Advance(output);
                    closed += output.Count;
                    output.Clear();
                }
                while (more);
            }
            batch.Release();
            return closed;
        }
    }

    private static RecordBatch Batch(SourcePartition partition) => ParsedBatch.Of(
        partition, [.. Enumerable.Range(0, BatchEvents).Select(i => new TestEvent(i % 10 == 0 ? 1 : 0, $"user{i % 500}", 0, $"id{i}", "{\"scene\":\"feed\",\"position\":7}"))]);

    private static LaneJoin Lane(TempFolder folder, int lane) => new(
        new LaneOptions { Lane = lane, Window = new WindowOptions { Length = TimeSpan.FromMilliseconds(WindowMs) }, Ranks = [0, 1] },
        WindowTables.Open(new FasterTableOptions
        {
            Directory = folder[$"table-{lane}"],
            MemoryBytes = 64 << 20,
            ActionStreams = 1,
            Window = TimeSpan.FromMilliseconds(WindowMs),
        }),
        new ReorderBuffer(2, 64 << 20, folder[$"spill-{lane}"], null),
        new WindowLog(folder[$"log-{lane}"], 64 << 20));
}
