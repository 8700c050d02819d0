using System.Globalization;
using Pipeline.Blocks.Telemetry;
using Pipeline.Hosting;

namespace Pipeline.Metrics;

/// <summary>Reads blocks, outages and the process.</summary>
internal static class ProcessReadings
{
    private static readonly (OutageKind Kind, string Name)[] Kinds = [(OutageKind.Source, "source"), (OutageKind.Sink, "sink"), (OutageKind.StateDisk, "state_disk")];

    /// <summary>Reads them.</summary>
    /// <param name="run">The run.</param>
    /// <param name="blocks">The blocks, as they are and as they were in the last seconds.</param>
    /// <param name="uptime">Seconds since the run began.</param>
    /// <param name="into">Where to.</param>
    public static void Read(RunView run, IReadOnlyList<BlockReading> blocks, double uptime, MetricReadings into)
    {
        foreach (BlockReading block in blocks)
        {
            string[] labels = [block.Name, block.Lane?.ToString(CultureInfo.InvariantCulture) ?? "-"];
            into.Add(MetricCatalogue.BlockBusy, block.Total.Busy, labels);
            into.Add(MetricCatalogue.BlockIdle, block.Total.Idle, labels);
            into.Add(MetricCatalogue.BlockBackPressured, block.Total.BackPressured, labels);
            into.Add(MetricCatalogue.BlockItems, block.Total.Items, labels);
            into.Add(MetricCatalogue.BlockShare, block.Recent.BusyShare, labels);
            into.Add(MetricCatalogue.BlockPressure, block.Recent.BackPressuredShare, labels);
            into.Add(MetricCatalogue.QueueLength, block.Queued, labels);
            into.Add(MetricCatalogue.QueueCapacity, block.Capacity, labels);
        }
        IReadOnlyList<Outage> outages = run.Outages.Now;
        foreach ((OutageKind kind, string name) in Kinds) into.Add(MetricCatalogue.Outages, outages.Count(outage => outage.Kind == kind), name);
        into.Add(MetricCatalogue.Uptime, uptime);
        ReadProcess(into);
    }

    private static void ReadProcess(MetricReadings into)
    {
        ProcessStatus process = ProcessStatus.Now();
        into.Add(MetricCatalogue.CpuTime, Environment.CpuUsage.TotalTime.TotalSeconds);
        into.Add(MetricCatalogue.CpuCount, Environment.ProcessorCount);
        into.Add(MetricCatalogue.Memory, process.RssBytes);
        into.Add(MetricCatalogue.Threads, process.Threads);
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
            into.Add(MetricCatalogue.GcCollections, GC.CollectionCount(generation), $"gen{generation}");
        into.Add(MetricCatalogue.GcPause, GC.GetTotalPauseDuration().TotalSeconds);
        into.Add(MetricCatalogue.GcHeap, GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes);
        into.Add(MetricCatalogue.GcAllocated, GC.GetTotalAllocatedBytes());
    }
}
