using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Hosting;
using Pipeline.Metrics;

namespace Pipeline.Reports;

/// <summary>All that a verdict depends on.</summary>
internal sealed record VerdictInput
{
    /// <summary>The blocks in the order of the flow, with their shares of the last seconds.</summary>
    public required IReadOnlyList<BlockReading> Blocks { get; init; }

    /// <summary>What is tuned.</summary>
    public ParallelismOptions Parallelism { get; init; } = new();

    /// <summary>CPUs the process may use.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Busy part of them in the last seconds, 0 to 1.</summary>
    public double CpuShare { get; init; }

    /// <summary>Records that wait to be read, as far as that is known.</summary>
    public double Lag { get; init; }

    /// <summary>Every partition is read to its end.</summary>
    public bool IsCaughtUp { get; init; }

    /// <summary>Who holds the watermark; null: nobody.</summary>
    public string? Holder { get; init; }

    /// <summary>How far the holder is behind the newest event.</summary>
    public TimeSpan HolderBehind { get; init; }

    /// <summary>The holder has no event yet.</summary>
    public bool HolderIsEmpty { get; init; }

    /// <summary>The holder was read further in the last seconds: it holds the watermark because it is being read.</summary>
    public bool HolderMoves { get; init; }

    /// <summary>Lead at which partitions wait for the slowest.</summary>
    public TimeSpan MaxDrift { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What is away.</summary>
    public IReadOnlyList<Outage> Outages { get; init; } = [];

    /// <summary>Of a run.</summary>
    public static VerdictInput Of(JobMetrics metrics)
    {
        RunView run = metrics.Run;
        MetricReadings readings = metrics.Read();
        WatermarkView watermark = WatermarkView.Of(run);
        IReadOnlyList<SourcePartition> partitions = run.Topology.Directory.All;
        double lag = readings.Sum(MetricCatalogue.PartitionLag);
        return new VerdictInput
        {
            Blocks = metrics.Blocks(),
            Parallelism = run.Job.Parallelism with { Lanes = run.Topology.Lanes.Count },
            Cpus = Environment.ProcessorCount,
            CpuShare = metrics.CpuShare,
            Lag = lag,
            IsCaughtUp = lag == 0 && partitions.All(static partition => partition.State != PartitionState.Active || partition.KnownEnd >= 0),
            Holder = watermark.Holder,
            HolderBehind = watermark.HolderBehind,
            HolderIsEmpty = !watermark.HolderHasEvents,
            HolderMoves = watermark.Partition is { } holder && metrics.Moves(holder),
            MaxDrift = run.Job.Time.MaxDrift,
            Outages = run.Outages.Now,
        };
    }
}
