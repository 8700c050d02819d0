using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>Validates closed windows and writes them as samples.</summary>
/// <remarks>Threading: one batch at a time an instance; Format has one instance a worker. Allocation: none per sample in steady state.</remarks>
public interface ISampleFormatter
{
    /// <summary>
    /// Appends the valid samples to <paramref name="output"/>, in order, and adds what it found to <paramref name="result"/>.
    /// The bytes of an invalid one, as it would have been written, go to <paramref name="letters"/> when there is one.
    /// </summary>
    void Format(SampleBatch batch, OutputBatch output, ref FormatResult result, DeadLetterBatch? letters);
}

/// <summary>What formatting a batch found, for the ledger. Arrays belong to the caller and are added to.</summary>
public struct FormatResult
{
    /// <summary>Exposures of valid samples.</summary>
    public long JoinedExposures;

    /// <summary>Exposures of invalid samples.</summary>
    public long InvalidExposures;

    /// <summary>Actions of valid samples, by action stream.</summary>
    public long[] JoinedActions;

    /// <summary>Actions of invalid samples, by action stream.</summary>
    public long[] InvalidActions;

    /// <summary>Valid samples.</summary>
    public long Samples;

    /// <summary>Valid samples with label 1.</summary>
    public long Positives;

    /// <summary>Invalid samples, by validation rule (the required fields in order, then the ranges in order).</summary>
    public long[] InvalidByRule;
}
