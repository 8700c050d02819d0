namespace Pipeline.Blocks.Records;

/// <summary>What became of one record for one stream when it was parsed. The first reason that applies, in this order.</summary>
public enum EventOutcome : byte
{
    /// <summary>Null value, no bytes, or a blank line.</summary>
    Empty,

    /// <summary>Longer than <c>max_record_bytes</c>.</summary>
    TooLarge,

    /// <summary>Not one JSON object (or CSV row) in valid UTF-8.</summary>
    Malformed,

    /// <summary>No event time, or one that is not an integer, before 1970 or after 2100.</summary>
    BadTime,

    /// <summary>Later than the record's own timestamp by more than <c>max_future</c>.</summary>
    FutureTime,

    /// <summary>A key field is missing, null, empty, boolean or nested.</summary>
    MissingKey,

    /// <summary>A filter dropped it.</summary>
    Filtered,

    /// <summary>It is an event.</summary>
    Event,
}
