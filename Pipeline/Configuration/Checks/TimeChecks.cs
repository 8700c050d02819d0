using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration.Checks;

/// <summary>What depends on the clock windows go by.</summary>
internal static class TimeChecks
{
    /// <summary>Checks it.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        if (!context.IsSound("time")) return;
        if (job is { Time.Mode: TimeMode.Processing, Delivery: DeliveryMode.ExactlyOnce } && context.IsSound("delivery"))
            context.Fail("delivery", "exactly-once needs time: event, because with time: processing a replay makes other samples");
        if (job.Time.Mode != TimeMode.Event) return;
        for (int i = 0; i < job.Streams.Count; i++) CheckStream(job.Streams[i], JobChecks.Stream(i), context);
    }

    private static void CheckStream(StreamOptions stream, string path, ReadingContext context)
    {
        if (!context.IsSound($"{path}.time")) return;
        bool ofRecord = stream.Time.Field is null;
        if (stream.Source is FileSourceOptions)
        {
            if (ofRecord) context.Fail($"{path}.time", "record needs a source with timestamps, and lines of files have none");
            else context.Warn($"{path}.source", "max_future guards no file: a line has no timestamp of its own, so one time far ahead closes every window");
        }
        else if (stream.Source is KafkaSourceOptions && ofRecord)
        {
            context.Warn($"{path}.time", "max_future guards nothing here: the event time is the record's timestamp, so one far ahead closes every window");
        }
    }
}
