namespace Pipeline.Blocks.Sinks;

/// <summary>Chooses the sink of samples that the job names.</summary>
public static class SampleSinks
{
    /// <summary>A sink, not yet open.</summary>
    public static ISampleSink Make(SinkOptions options, SampleSinkSettings settings) => options switch
    {
        FileSinkOptions files => new FileSink(files, settings),
        KafkaSinkOptions kafka when settings.Delivery == DeliveryMode.ExactlyOnce => new TransactionalSink(kafka, settings),
        KafkaSinkOptions kafka => new KafkaSink(kafka, settings),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.GetType().Name, "No such sink."),
    };
}
