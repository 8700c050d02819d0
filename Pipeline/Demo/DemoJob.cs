using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Generation;

namespace Pipeline.Demo;

/// <summary>The source of the demo: a synthetic log as it would arrive live.</summary>
/// <param name="Log">The log.</param>
public sealed record DemoSourceOptions(SyntheticLogOptions Log) : SourceOptions;

/// <summary>The main job in small: the same streams and join, windows of 10 s instead of 20 min, and no server.</summary>
internal static class DemoJob
{
    /// <summary>The job's name.</summary>
    public const string Name = "demo";

    /// <summary>What the demo's users do: 2,000 exposures a second, one in ten clicked after 4 s in the mean.</summary>
    public static SyntheticLogOptions Log(DateTimeOffset start) => new()
    {
        Exposures = long.MaxValue,
        Rate = 2_000,
        Ctr = 0.1,
        Users = 10_000,
        Items = 100,
        Zipf = 0.9,
        DelayMean = TimeSpan.FromSeconds(4),
        Disorder = TimeSpan.FromMilliseconds(500),
        Duplicates = 0.01,
        Partitions = 1,
        Start = start,
    };

    /// <summary>The job, with its files under a directory of its own.</summary>
    public static JobOptions Make(string directory, SyntheticLogOptions log)
    {
        var source = new DemoSourceOptions(log);
        return new JobOptions
        {
            Job = Name,
            Time = new TimeOptions { OutOfOrderness = TimeSpan.FromSeconds(1), IdleTimeout = TimeSpan.FromSeconds(5) },
            Window = new WindowOptions { Length = TimeSpan.FromSeconds(10) },
            Streams = [Stream("exposure", StreamRole.Exposure, source), Stream("click", StreamRole.Action, source)],
            Output = new OutputOptions { Required = ["scene"] },
            Sink = new FileSinkOptions { Dir = Path.Combine(directory, "samples") },
            DeadLetter = new FileSinkOptions { Dir = Path.Combine(directory, "dead") },
            Delivery = DeliveryMode.AtLeastOnce,
            State = new StateOptions { Dir = Path.Combine(directory, "state"), Memory = 64L << 20, CheckpointInterval = TimeSpan.FromSeconds(5) },
            Parallelism = new ParallelismOptions { Lanes = 2 },
        };
    }

    private static StreamOptions Stream(string name, StreamRole role, DemoSourceOptions source) => new()
    {
        Name = name,
        Role = role,
        Positive = role == StreamRole.Action,
        Source = source,
        Format = RecordFormat.Json,
        Key = ["user_id", "item_id"],
        Time = new EventTimeOptions { Field = "ts" },
        EventId = "event_id",
    };
}
