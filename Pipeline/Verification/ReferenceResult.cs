using Pipeline.Blocks.Records;

namespace Pipeline.Verification;

/// <summary>A sample that a run must have written.</summary>
/// <param name="Id">Its sample id, 32 hex digits.</param>
/// <param name="Key">The record key's bytes: the key fields joined by <c>|</c>.</param>
/// <param name="Value">The sample's bytes, without a newline.</param>
/// <param name="Label">1 for a positive.</param>
public sealed record ReferenceSample(string Id, byte[] Key, byte[] Value, int Label);

/// <summary>What the reference join makes of a history.</summary>
public sealed class ReferenceResult(IReadOnlyList<StreamLedger> streams)
{
    /// <summary>The valid samples, in no order.</summary>
    public List<ReferenceSample> Samples { get; } = [];

    /// <summary>Samples with label 1.</summary>
    public long Positives { get; internal set; }

    /// <summary>The header of CSV output; null for JSON.</summary>
    public string? CsvHeader { get; internal set; }

    /// <summary>The columns that the first exposure file with a header names, for all samples; null without one.</summary>
    public IReadOnlyList<string>? Columns { get; internal set; }

    /// <summary>The ledger, in the order of the job's streams.</summary>
    public IReadOnlyList<StreamLedger> Streams { get; } = streams;
}

/// <summary>What became of one stream's records and events.</summary>
public sealed class StreamLedger(string name)
{
    private readonly long[] _rejected = new long[(int)EventOutcome.Filtered];

    /// <summary>The stream's name.</summary>
    public string Name { get; } = name;

    /// <summary>Records read for it.</summary>
    public long Records { get; internal set; }

    /// <summary>Records that a filter dropped.</summary>
    public long Filtered { get; internal set; }

    /// <summary>Events: the sum of what follows.</summary>
    public long Events { get; internal set; }

    /// <summary>Below their own partition's watermark.</summary>
    public long Late { get; internal set; }

    /// <summary>Only below their partition's floor.</summary>
    public long LateIdle { get; internal set; }

    /// <summary>Repeats of an event that counts.</summary>
    public long Duplicate { get; internal set; }

    /// <summary>Part of a valid sample; merged exposures included.</summary>
    public long Joined { get; internal set; }

    /// <summary>Actions without an exposure.</summary>
    public long Orphaned { get; internal set; }

    /// <summary>Part of a sample that failed validation.</summary>
    public long Invalid { get; internal set; }

    /// <summary>Waiting for the watermark, or in a window that it has not passed; none when the sources are ended.</summary>
    public long Open { get; internal set; }

    /// <summary>Records rejected for a reason.</summary>
    public long Rejected(EventOutcome reason) => _rejected[(int)reason];

    internal void Reject(EventOutcome reason) => _rejected[(int)reason]++;
}
