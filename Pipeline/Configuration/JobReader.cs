using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration.Sections;

namespace Pipeline.Configuration;

/// <summary>Reads a whole job, section by section, in the order of the job file.</summary>
internal static class JobReader
{
    // A batch takes records up to 1 MiB and then one more, in arrays that double as they grow and have to stay below 2 GiB.
    private const int LargestRecord = 256 << 20;

    private static readonly TimeSpan StreamIdleTimeout = new StreamOptions
    {
        Name = "",
        Role = default,
        Source = new UnreadSource(),
        Format = default,
        Key = [],
        Time = new EventTimeOptions(),
    }.StreamIdleTimeout;

    /// <summary>Reads it; meaningful only when no mistake was found.</summary>
    public static JobOptions Read(SectionReader job, string baseDirectory)
    {
        string name = job.RequiredText("job");
        // The progress topic is called after the job, so its name is a topic's and leaves room for the ending.
        if (name.Length > 0 && !KafkaNames.IsTopic(name + ".progress"))
            job.Fail("job", $"expected letters, digits, '.', '_' and '-', at most {KafkaNames.LongestTopic - ".progress".Length}, found '{name}'");

        TimeOptions time = TimeSection.Read(job);
        TimeSpan streamIdle = job.Duration("stream_idle_timeout", StreamIdleTimeout, TimeSpan.Zero, TimeSection.Longest, mayBeNever: true);
        var defaults = new JobOptions { Job = "", Streams = [], Sink = new UnreadSink(), State = new() { Dir = "" } };
        int maxRecordBytes = (int)job.Size("max_record_bytes", defaults.MaxRecordBytes, 1, LargestRecord);
        var window = WindowSection.Read(job);
        IReadOnlyList<StreamOptions> streams = new StreamsSection(streamIdle).Read(job);
        LabelsSection.Read(job);
        (OutputOptions output, SinkOptions sink) = OutputSection.Read(job);
        SinkOptions? deadLetter = SinkSection.Read(job, "dead_letter");
        // Processing time has no replay that would find the same samples again, so it cannot promise them once.
        DeliveryMode delivery = time.Mode == TimeMode.Event ? defaults.Delivery : DeliveryMode.AtLeastOnce;
        var options = new JobOptions
        {
            Job = name,
            Time = time,
            Window = window,
            Streams = streams,
            MaxRecordBytes = maxRecordBytes,
            Output = output,
            Sink = sink,
            DeadLetter = deadLetter,
            CreateTopics = job.Flag("create_topics", defaults.CreateTopics),
            Delivery = job.Choice("delivery", Choices.Delivery, delivery),
            State = StateSection.Read(job),
            Parallelism = ParallelismSection.Read(job),
            Skew = SkewSection.Read(job),
            UnavailableLimit = job.Duration("unavailable_limit", defaults.UnavailableLimit, TimeSpan.Zero, TimeSection.Longest, mayBeNever: true),
            BaseDirectory = baseDirectory,
        };
        job.Close();
        return options;
    }
}
