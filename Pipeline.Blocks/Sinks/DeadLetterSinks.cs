namespace Pipeline.Blocks.Sinks;

/// <summary>Chooses the sink of dead letters that the job names.</summary>
public static class DeadLetterSinks
{
    /// <summary>A sink, not yet open; null when the job names none.</summary>
    public static IDeadLetterSink? Make(SinkOptions? options, DeadLetterSinkSettings settings) => options switch
    {
        null => null,
        FileSinkOptions files => new FileDeadLetterSink(files, settings),
        KafkaSinkOptions kafka => new KafkaDeadLetterSink(kafka, settings),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.GetType().Name, "No such sink."),
    };
}
