using System.Collections.Concurrent;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>Makes events of records, or says what is wrong with them: the first check that fails, in the contract's order.</summary>
/// <remarks>
/// A record is read once for all streams with the same format, then judged for each stream.
/// Threading: safe for several batches at once. Allocation: none per record in steady state, sound or not.
/// Errors: bad data is an outcome. A CSV partition without column names is a mistake of the job and throws.
/// </remarks>
/// <param name="streams">All streams of the job, in its order.</param>
/// <param name="options">Bounds.</param>
public sealed class RecordParser(IReadOnlyList<StreamOptions> streams, ParseOptions options) : IRecordParser
{
    /// <summary>Values that fit the stack (16 bytes each); a partition that needs more gets an array a batch.</summary>
    private const int ValuesOnStack = 64;

    private readonly ConcurrentDictionary<SourcePartition, PartitionPlan> _plans = [];

    /// <inheritdoc/>
    public void Parse(RecordBatch batch)
    {
        if (batch.Barrier is not null || batch.RecordCount == 0) return;
        SourcePartition partition = batch.Partition ?? throw new ArgumentException("A batch with records has no partition.", nameof(batch));
        PartitionPlan plan = _plans.GetOrAdd(partition, static (added, parser) => parser.Compile(added), this);
        Span<FieldValue> values = plan.ValueCount <= ValuesOnStack ? stackalloc FieldValue[ValuesOnStack] : new FieldValue[plan.ValueCount];
        for (int record = 0; record < batch.RecordCount; record++)
            plan.Parse(batch, record, values);
    }

    private PartitionPlan Compile(SourcePartition partition) => new(partition, streams, options);
}
