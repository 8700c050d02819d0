using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Hosting;

/// <summary>The ledger of one stream, as it stands in the summary.</summary>
public sealed record StreamSummary
{
    /// <summary>Records read for this stream.</summary>
    public long Records { get; init; }

    /// <summary>Rejected, by reason.</summary>
    public required SortedDictionary<string, long> Rejected { get; init; }

    /// <summary>Dropped by a filter.</summary>
    public long Filtered { get; init; }

    /// <summary>Dropped, by filter in the order of the job.</summary>
    public required IReadOnlyList<long> FilteredBy { get; init; }

    /// <summary>Events.</summary>
    public long Events { get; init; }

    /// <summary>Late, by reason.</summary>
    public required SortedDictionary<string, long> Late { get; init; }

    /// <summary>Repeats.</summary>
    public long Duplicate { get; init; }

    /// <summary>Part of an emitted sample.</summary>
    public long Joined { get; init; }

    /// <summary>Actions without an exposure.</summary>
    public long Orphaned { get; init; }

    /// <summary>Their sample failed validation.</summary>
    public long Invalid { get; init; }

    /// <summary>Dropped by negative sampling.</summary>
    public long SampledOut { get; init; }

    /// <summary>Reserved.</summary>
    public long Quarantined { get; init; }

    /// <summary>In state.</summary>
    public long Open { get; init; }

    /// <summary>What the ledger cannot account for; anything but 0 is a defect.</summary>
    public long Unaccounted { get; init; }
}

/// <summary>The summary that <c>run</c> and <c>demo</c> print at the end and <c>--summary</c> writes.</summary>
public sealed record JobSummary
{
    /// <summary>Name of the job.</summary>
    public required string Job { get; init; }

    /// <summary>Delivery mode in force.</summary>
    public required string Delivery { get; init; }

    /// <summary>No event was <c>late_idle</c>: the result is a function of the input alone.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Records read, each once.</summary>
    public long SourceRecords { get; init; }

    /// <summary>Sums over streams.</summary>
    public long Records { get; init; }

    /// <summary>Sums over streams, by reason.</summary>
    public required SortedDictionary<string, long> Rejected { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Filtered { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Events { get; init; }

    /// <summary>Sums over streams, by reason.</summary>
    public required SortedDictionary<string, long> Late { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Duplicate { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Joined { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Orphaned { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Invalid { get; init; }

    /// <summary>Sum over streams.</summary>
    public long SampledOut { get; init; }

    /// <summary>Reserved.</summary>
    public long Quarantined { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Open { get; init; }

    /// <summary>Sum over streams.</summary>
    public long Unaccounted { get; init; }

    /// <summary>Samples written.</summary>
    public long Samples { get; init; }

    /// <summary>Samples with label 1.</summary>
    public long Positives { get; init; }

    /// <summary>Joined actions over action events no longer open.</summary>
    public double JoinRate { get; init; }

    /// <summary>Wall time of this process's run.</summary>
    public double Seconds { get; init; }

    /// <summary>Of <see cref="Seconds"/>, since sources were first read: without opening state and topics, the first checkpoint and shutting other writers out.</summary>
    public double ReadingSeconds { get; init; }

    /// <summary>Source records over <see cref="Seconds"/>, of this process.</summary>
    public double RecordsPerSecond { get; init; }

    /// <summary>CPU time of this process.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Peak resident memory of this process.</summary>
    public long PeakRssBytes { get; init; }

    /// <summary>The ledger by stream.</summary>
    public required IReadOnlyDictionary<string, StreamSummary> Streams { get; init; }

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Default.JobSummary);
}

/// <summary>Names as they stand in the contract: snake_case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JobSummary))]
internal sealed partial class SummaryJson : JsonSerializerContext;
