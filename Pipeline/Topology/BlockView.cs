using Pipeline.Blocks.Telemetry;

namespace Pipeline.Topology;

/// <summary>One block as reports see it: its workers' time and the queue before it.</summary>
/// <param name="Name">Name of the stage.</param>
/// <param name="Lane">Which lane, or which of several sources; null for a block that there is once.</param>
/// <param name="Time">How its workers spend their time.</param>
/// <param name="Queued">Batches that wait before it, or stand behind it.</param>
/// <param name="Capacity">Most that may.</param>
public sealed record BlockView(string Name, int? Lane, StageClock Time, Func<int> Queued, int Capacity)
{
    /// <summary>Stage and lane.</summary>
    public string FullName => Lane is { } lane ? $"{Name}-{lane}" : Name;
}
