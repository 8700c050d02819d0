using System.Globalization;
using Pipeline.Blocks.Joining;
using Pipeline.Hosting;

namespace Pipeline.Metrics;

/// <summary>Reads state and checkpoints.</summary>
internal static class StateReadings
{
    /// <summary>Reads them.</summary>
    public static void Read(RunView run, MetricReadings into)
    {
        into.Add(MetricCatalogue.StateMemoryLimit, run.Job.State.Memory);
        foreach (LaneBlock block in run.Topology.Lanes)
        {
            LaneJoin lane = block.State;
            into.Add(MetricCatalogue.StateMemory, lane.MemoryBytes + run.Topology.SaltsOf(lane.Lane).Sum(static salt => salt.State.Reorder.MemoryBytes), lane.Lane);
            into.Add(MetricCatalogue.StateDisk, lane.DiskBytes + run.Topology.SaltsOf(lane.Lane).Sum(static salt => salt.State.Reorder.DiskBytes), lane.Lane);
            TableAddresses addresses = lane.Addresses;
            into.Add(MetricCatalogue.IndexSize, addresses.Index, lane.Lane);
            string name = lane.Lane.ToString(CultureInfo.InvariantCulture);
            into.Add(MetricCatalogue.LogAddress, addresses.Begin, name, "begin");
            into.Add(MetricCatalogue.LogAddress, addresses.Head, name, "head");
            into.Add(MetricCatalogue.LogAddress, addresses.Tail, name, "tail");
        }
        into.Add(MetricCatalogue.Checkpoints, run.Checkpoints.Taken);
        into.Add(MetricCatalogue.CheckpointFailures, run.Checkpoints.Failed);
        into.Add(MetricCatalogue.CheckpointAge, run.Checkpoints.Age.TotalSeconds);
        into.Add(MetricCatalogue.CheckpointDuration, run.Checkpoints.Duration.Read());
        into.Add(MetricCatalogue.CheckpointPause, run.Checkpoints.Pause.Read());
        into.Add(MetricCatalogue.CheckpointSize, run.Checkpoints.Bytes);
    }
}
