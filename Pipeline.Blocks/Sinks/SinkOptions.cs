namespace Pipeline.Blocks.Sinks;

/// <summary>Where samples or dead letters go.</summary>
public abstract record SinkOptions;

/// <summary>To a Kafka topic.</summary>
public sealed record KafkaSinkOptions : SinkOptions
{
    /// <summary>host:port[,…].</summary>
    public required string Bootstrap { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>librdkafka properties, passed on under their own names. May hold secrets: never print.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}

/// <summary>To files of a directory.</summary>
public sealed record FileSinkOptions : SinkOptions
{
    /// <summary>The directory; created when missing.</summary>
    public required string Dir { get; init; }
}

/// <summary>What a reader of committed output may count on.</summary>
public enum DeliveryMode
{
    /// <summary>Each sample once, byte for byte, whatever crashes.</summary>
    ExactlyOnce,

    /// <summary>Each sample at least once.</summary>
    AtLeastOnce,
}
