using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
[DoNotParallelize]
public sealed class FileSourceAllocationTests : IDisposable
{
    private readonly FileSourceFixture _files = new();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.jsonl.gz")]
    public async Task SteadyState_AllocatesNothingARecord(string name)
    {
        const int Records = 400_000;
        _files.Write(name, string.Concat(Enumerable.Range(0, Records).Select(static i => $"{{\"user_id\":\"u{i % 977}\",\"item_id\":\"i{i % 131}\",\"ts\":{1_750_000_000_000 + i}}}\n")));
        FileSource source = _files.Source(_files.Context(untilEnd: true), name);
        await source.OpenAsync(CancellationToken.None);
        var drain = new Drain(measureFrom: Records / 4, measureTo: Records * 3 / 4);

        await source.RunAsync(drain, CancellationToken.None);

        double perRecord = (double)(drain.AllocatedTo - drain.AllocatedFrom) / (drain.RecordsTo - drain.RecordsFrom);
        Assert.AreEqual(Records, drain.Records);
        Assert.IsLessThanOrEqualTo(0.05, perRecord, $"{perRecord} bytes a record");
    }

    /// <summary>Takes every batch at once, and notes what was allocated between two points of the stream.</summary>
    private sealed class Drain(int measureFrom, int measureTo) : ITargetBlock<RecordBatch>
    {
        public int Records { get; private set; }

        public int RecordsFrom { get; private set; }

        public int RecordsTo { get; private set; }

        public long AllocatedFrom { get; private set; }

        public long AllocatedTo { get; private set; }

        public Task Completion => Task.CompletedTask;

        public DataflowMessageStatus OfferMessage(DataflowMessageHeader messageHeader, RecordBatch messageValue, ISourceBlock<RecordBatch>? source, bool consumeToAccept)
        {
            Records += messageValue.RecordCount;
            messageValue.Release();
            if (RecordsFrom == 0 && Records >= measureFrom) (RecordsFrom, AllocatedFrom) = (Records, GC.GetTotalAllocatedBytes(precise: true));
            if (RecordsTo == 0 && Records >= measureTo) (RecordsTo, AllocatedTo) = (Records, GC.GetTotalAllocatedBytes(precise: true));
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
