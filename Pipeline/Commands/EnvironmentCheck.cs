using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Commands;

/// <summary>Finds what would keep a sound job from running here and now: directories, files, brokers, topics.</summary>
/// <remarks>Changes nothing: no directory is made, no topic created.</remarks>
internal static class EnvironmentCheck
{
    /// <summary>Every failure, as it is found.</summary>
    public static async IAsyncEnumerable<string> RunAsync(JobOptions job)
    {
        foreach ((string key, string directory) in Directories(job))
            if (DirectoryCheck.WhyNotWritable(directory) is { } reason) yield return $"{key}: {directory} is not writable: {reason}";

        foreach (FileSourceOptions source in job.Streams.Select(stream => stream.Source).OfType<FileSourceOptions>().Distinct())
            foreach (string path in source.Paths)
                if (DirectoryCheck.WhyNothingToRead(path) is { } reason) yield return $"{path}: {reason}";

        foreach (IGrouping<string, TopicUse> cluster in TopicUse.Of(job).GroupBy(use => use.Cluster))
        {
            using var check = new KafkaCheck(cluster.First());
            foreach (string failure in await check.FindFailuresAsync([.. cluster], job.CreateTopics)) yield return failure;
        }
    }

    private static IEnumerable<(string Key, string Directory)> Directories(JobOptions job)
    {
        yield return ("state.dir", job.State.Dir);
        if (job.Sink is FileSinkOptions samples) yield return ("output.sink.files.dir", samples.Dir);
        if (job.DeadLetter is FileSinkOptions letters) yield return ("dead_letter.files.dir", letters.Dir);
    }
}
