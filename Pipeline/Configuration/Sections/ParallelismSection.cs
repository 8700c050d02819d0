using Pipeline.Blocks.Flow;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>parallelism</c>.</summary>
internal static class ParallelismSection
{
    /// <summary>Key groups; a lane holds at least one.</summary>
    private const int MostLanes = 64;

    private const int MostWorkers = 256;

    private const int MostCapacity = 4096;

    private const int MostBatchRecords = 65_536;

    /// <summary>Reads it.</summary>
    public static ParallelismOptions Read(SectionReader job)
    {
        var defaults = new ParallelismOptions();
        SectionReader parallelism = job.Section("parallelism");
        var options = new ParallelismOptions
        {
            Parse = parallelism.Integer("parse", defaults.Parse, 1, MostWorkers),
            Lanes = parallelism.Integer("lanes", defaults.Lanes, 1, MostLanes),
            Format = parallelism.Integer("format", defaults.Format, 1, MostWorkers),
            BlockCapacity = parallelism.Integer("block_capacity", defaults.BlockCapacity, 1, MostCapacity),
            BatchRecords = parallelism.Integer("batch_records", defaults.BatchRecords, 1, MostBatchRecords),
        };
        parallelism.Close();
        return options;
    }
}
