using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>Turns the records of a batch into outcomes, one for each record and stream that reads the batch's partition.</summary>
/// <remarks>
/// Threading: safe for several batches at once (no state between batches). Allocation: none per record in steady state.
/// Errors: bad data is an outcome, never an exception.
/// </remarks>
public interface IRecordParser
{
    /// <summary>Fills <see cref="RecordBatch.Events"/> and <see cref="RecordBatch.Arena"/>.</summary>
    void Parse(RecordBatch batch);
}
