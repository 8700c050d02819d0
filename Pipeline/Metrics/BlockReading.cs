using Pipeline.Blocks.Telemetry;

namespace Pipeline.Metrics;

/// <summary>A block at one moment.</summary>
/// <param name="Name">Name of the stage.</param>
/// <param name="Lane">Which lane, or which of several sources; null for a block that there is once.</param>
/// <param name="Total">Its workers' time since the run began.</param>
/// <param name="Recent">The same of the last seconds.</param>
/// <param name="Queued">Batches that wait before it.</param>
/// <param name="Capacity">Most that may.</param>
internal sealed record BlockReading(string Name, int? Lane, StageTimes Total, StageTimes Recent, int Queued, int Capacity)
{
    /// <summary>Stage and lane.</summary>
    public string FullName => Lane is { } lane ? $"{Name}-{lane}" : Name;

    /// <summary>Flink's word for its back-pressure.</summary>
    public string Pressure => Recent.BackPressuredShare switch
    {
        <= 0.10 => "OK",
        <= 0.50 => "LOW",
        _ => "HIGH",
    };
}
