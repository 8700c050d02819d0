using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Sources;

/// <summary>Takes every batch at once, and notes what was allocated between two points of the stream.</summary>
internal sealed class MeasuringDrain(int measureFrom, int measureTo) : ITargetBlock<RecordBatch>
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
        messageValue.Partition!.Position = messageValue.PositionAfter;
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
