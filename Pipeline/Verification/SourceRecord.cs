namespace Pipeline.Verification;

/// <summary>One record of a source, as the reference join takes it.</summary>
/// <param name="Partition">Which source partition it is of, by any numbering; lateness is decided in the order of its records.</param>
/// <param name="Streams">The streams that read the partition, as indices into the job's streams, ascending.</param>
/// <param name="Value">The record's bytes, without a line's end; null for a Kafka tombstone.</param>
/// <param name="Timestamp">The source's own timestamp, ms; null where it has none (files).</param>
/// <param name="Header">CSV: the columns that the file's header names, for streams whose columns the job does not name.</param>
/// <param name="Floor">What the partition's own watermark is no lower than here, ms: an event below it is <c>late_idle</c>; null: no floor.</param>
public sealed record SourceRecord(
    int Partition, IReadOnlyList<int> Streams, byte[]? Value, long? Timestamp = null, IReadOnlyList<string>? Header = null, long? Floor = null);
