namespace Pipeline.Blocks.Records;

/// <summary>What a stream's events mean to a window.</summary>
public enum StreamRole
{
    /// <summary>An item was shown. Exactly one stream of a job has it.</summary>
    Exposure,

    /// <summary>The user's response.</summary>
    Action,
}

/// <summary>How a record's bytes are read.</summary>
public enum RecordFormat
{
    /// <summary>One JSON object.</summary>
    Json,

    /// <summary>One row of comma-separated values.</summary>
    Csv,
}

/// <summary>One named input of the job.</summary>
public sealed record StreamOptions
{
    /// <summary>Name in labels, ledger and metrics.</summary>
    public required string Name { get; init; }

    /// <summary>Exposure or action.</summary>
    public required StreamRole Role { get; init; }

    /// <summary>Whether an action of this stream makes a sample positive. True unless said otherwise; false for the exposure.</summary>
    public bool Positive { get; init; }

    /// <summary>Where its records come from.</summary>
    public required SourceOptions Source { get; init; }

    /// <summary>How its records are read.</summary>
    public required RecordFormat Format { get; init; }

    /// <summary>Shape of CSV rows; only for <see cref="RecordFormat.Csv"/>.</summary>
    public CsvOptions Csv { get; init; } = new();

    /// <summary>Paths of the key's fields (<c>user_id</c>, <c>ctx.user</c>), in order.</summary>
    public required IReadOnlyList<string> Key { get; init; }

    /// <summary>Where the event time comes from.</summary>
    public required EventTimeOptions Time { get; init; }

    /// <summary>Path of the event id, by which duplicates are told; null: by the payload.</summary>
    public string? EventId { get; init; }

    /// <summary>All must hold, or the record is filtered.</summary>
    public IReadOnlyList<FilterOptions> Filters { get; init; } = [];

    /// <summary>How long the stream holds the watermark while all its partitions are idle; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</summary>
    public TimeSpan StreamIdleTimeout { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>Columns and delimiter of CSV rows.</summary>
public sealed record CsvOptions
{
    /// <summary>Column names; empty: taken from the header.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>One ASCII character.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>Whether each file's first row names the columns (skipped when <see cref="Columns"/> are given).</summary>
    public bool Header { get; init; } = true;
}

/// <summary>Unit of a time field.</summary>
public enum TimeUnit
{
    /// <summary>Seconds since the Unix epoch.</summary>
    Seconds,

    /// <summary>Milliseconds.</summary>
    Milliseconds,

    /// <summary>Microseconds.</summary>
    Microseconds,

    /// <summary>ISO 8601 text with an offset; without one it is UTC.</summary>
    Iso8601,
}

/// <summary>Where an event's time comes from.</summary>
public sealed record EventTimeOptions
{
    /// <summary>Path of the field; null: the record's own timestamp.</summary>
    public string? Field { get; init; }

    /// <summary>Unit of the field.</summary>
    public TimeUnit Unit { get; init; } = TimeUnit.Milliseconds;
}

/// <summary>A condition on one field. A record without the field does not hold it.</summary>
public sealed record FilterOptions
{
    /// <summary>Path of the field.</summary>
    public required string Field { get; init; }

    /// <summary>Allowed texts; null: any.</summary>
    public IReadOnlyList<string>? In { get; init; }

    /// <summary>Least number allowed, inclusive.</summary>
    public double? Min { get; init; }

    /// <summary>Greatest number allowed, inclusive.</summary>
    public double? Max { get; init; }
}

/// <summary>Where a stream's records come from. Streams with an equal source share its partitions and their watermarks.</summary>
public abstract record SourceOptions;

/// <summary>Records of Kafka topics.</summary>
public sealed record KafkaSourceOptions : SourceOptions
{
    /// <summary>host:port[,…].</summary>
    public required string Bootstrap { get; init; }

    /// <summary>Topics read.</summary>
    public required IReadOnlyList<string> Topics { get; init; }

    /// <summary>Where a partition without stored progress begins.</summary>
    public StartOptions Start { get; init; } = new();

    /// <summary>librdkafka properties, passed on under their own names. May hold secrets: never print.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}

/// <summary>Lines of files.</summary>
public sealed record FileSourceOptions : SourceOptions
{
    /// <summary>Paths or globs, plain or <c>.gz</c>; relative ones are already resolved against the job file.</summary>
    public required IReadOnlyList<string> Paths { get; init; }
}

/// <summary>Where reading begins.</summary>
public enum StartAt
{
    /// <summary>The group's committed offsets, else the earliest.</summary>
    Committed,

    /// <summary>The first record there is.</summary>
    Earliest,

    /// <summary>Behind the last record.</summary>
    Latest,

    /// <summary>The first record at or after <see cref="StartOptions.Time"/>.</summary>
    Time,
}

/// <summary>Where reading begins.</summary>
public sealed record StartOptions
{
    /// <summary>Which rule.</summary>
    public StartAt At { get; init; } = StartAt.Committed;

    /// <summary>For <see cref="StartAt.Time"/>.</summary>
    public DateTimeOffset Time { get; init; }
}
