using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>Bounds of the record checks that are the job's, not a stream's.</summary>
public sealed record ParseOptions
{
    /// <summary>Most bytes of a record; a longer one is <see cref="Records.EventOutcome.TooLarge"/>.</summary>
    public int MaxRecordBytes { get; init; } = 1 << 20;

    /// <summary>How far an event time may be later than its record's timestamp, where there is one.</summary>
    public TimeSpan MaxFuture { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>With <see cref="TimeMode.Processing"/> the streams' time fields are not read: the time is the record's timestamp, else its arrival.</summary>
    public TimeMode Mode { get; init; } = TimeMode.Event;
}
