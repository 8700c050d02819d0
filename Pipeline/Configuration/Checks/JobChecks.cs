using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration.Checks;

/// <summary>The rules that concern several keys. What already has a mistake is not compared, so that one mistake is named once.</summary>
internal static class JobChecks
{
    /// <summary>Checks everything.</summary>
    public static void Check(JobOptions job, ReadingContext context)
    {
        StreamChecks.Check(job, context);
        SourceChecks.Check(job, context);
        CsvChecks.Check(job, context);
        TargetChecks.Check(job, context);
        TimeChecks.Check(job, context);
    }

    /// <summary>The path of a stream.</summary>
    public static string Stream(int index) => $"streams[{index}]";
}
