using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration.Checks;

/// <summary>Places that are written to: no two uses of one place.</summary>
internal static class TargetChecks
{
    private const string SinkPath = "output.sink";

    private const string LetterPath = "dead_letter";

    /// <summary>Checks them.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        CheckDirectory(job.Sink, $"{SinkPath}.files.dir", job.State.Dir, context);
        CheckDirectory(job.DeadLetter, $"{LetterPath}.files.dir", job.State.Dir, context);
        CheckTopic(job.Sink, SinkPath, job, context);
        CheckTopic(job.DeadLetter, LetterPath, job, context);
        if (job is { Sink: KafkaSinkOptions samples, DeadLetter: KafkaSinkOptions letters } && samples.Topic == letters.Topic && samples.Topic.Length > 0)
            context.Fail($"{LetterPath}.kafka.topic", $"dead letters cannot go to the topic of samples, '{samples.Topic}'");
    }

    private static void CheckDirectory(SinkOptions? sink, string path, string stateDirectory, ReadingContext context)
    {
        if (sink is not FileSinkOptions { Dir: { Length: > 0 } directory }) return;
        if (Path.TrimEndingDirectorySeparator(directory) == Path.TrimEndingDirectorySeparator(stateDirectory))
            context.Fail(path, "is the directory of the state; take another");
    }

    private static void CheckTopic(SinkOptions? sink, string path, JobOptions job, ReadingContext context)
    {
        if (sink is not KafkaSinkOptions { Topic: { Length: > 0 } topic }) return;
        foreach (StreamOptions stream in job.Streams)
            if (stream.Source is KafkaSourceOptions source && source.Topics.Contains(topic))
            {
                context.Fail($"{path}.kafka.topic", $"'{topic}' is a topic that '{stream.Name}' reads");
                return;
            }
    }
}
