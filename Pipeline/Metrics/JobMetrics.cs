using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Hosting;
using Pipeline.Topology;

namespace Pipeline.Metrics;

/// <summary>Reads every metric of a run at one moment.</summary>
/// <remarks>
/// Threading: any; one reading at a time, and one of the last <see cref="Freshness"/> is given again, so that a scrape sees one moment in all of its series and costs the
/// flow nothing. <see cref="Tick"/> parts time into intervals for shares.
/// </remarks>
/// <param name="run">The run.</param>
internal sealed class JobMetrics(RunView run)
{
    /// <summary>How old a reading may be that is given again.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly long _began = run.Clock.GetTimestamp();
    private Dictionary<BlockView, StageTimes> _before = [];
    private Dictionary<BlockView, StageTimes> _last = [];
    private long[] _positionsBefore = [];
    private long[] _positionsLast = [];
    private (double Cpu, double Wall) _cpuBefore;
    private (double Cpu, double Wall) _cpuLast;
    private MetricReadings? _readings;
    private long _readAt;
    private bool _closed;

    /// <summary>The run.</summary>
    public RunView Run => run;

    /// <summary>The run is over, and its state is about to be disposed of: from now on the last readings are given.</summary>
    public void Close()
    {
        lock (_gate) _closed = true;
    }

    /// <summary>Ends an interval of shares, and begins the next.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            (_before, _cpuBefore) = (_last, _cpuLast);
            _cpuLast = Cpu();
            (_positionsBefore, _positionsLast) = (_positionsLast, run.Partitioner.Positions.ToArray());
            _last = run.Topology.Views.All.ToDictionary(static block => block, static block => block.Time.Read());
            _readings = null;
        }
    }

    /// <summary>The blocks; their recent times are those since the tick before the last, so that they cover an interval at least.</summary>
    public IReadOnlyList<BlockReading> Blocks()
    {
        lock (_gate) return [.. run.Topology.Views.All.Select(Read)];
    }

    /// <summary>Whether a partition was read further in that time.</summary>
    public bool Moves(SourcePartition partition)
    {
        lock (_gate)
        {
            ReadOnlySpan<long> now = run.Partitioner.Positions;
            if (partition.Index >= now.Length) return false;
            return partition.Index >= _positionsBefore.Length || now[partition.Index] != _positionsBefore[partition.Index];
        }
    }

    /// <summary>Busy part of the CPUs, by this process, over the same time; 0 to 1.</summary>
    public double CpuShare
    {
        get
        {
            lock (_gate)
            {
                (double cpu, double wall) = Cpu();
                double passed = (wall - _cpuBefore.Wall) * Environment.ProcessorCount;
                return passed <= 0 ? 0 : Math.Clamp((cpu - _cpuBefore.Cpu) / passed, 0, 1);
            }
        }
    }

    /// <summary>All metrics now.</summary>
    public MetricReadings Read()
    {
        lock (_gate)
        {
            if (_closed) return _readings ?? new MetricReadings(run.Clock.GetUtcNow());
            if (_readings is not null && run.Clock.GetElapsedTime(_readAt) < Freshness) return _readings;
            var readings = new MetricReadings(run.Clock.GetUtcNow());
            FlowReadings.Read(run, run.Summarize(), readings);
            SourceReadings.Read(run, WatermarkView.Of(run), readings);
            SkewReadings.Read(run, readings);
            StateReadings.Read(run, readings);
            ProcessReadings.Read(run, [.. run.Topology.Views.All.Select(Read)], run.Clock.GetElapsedTime(_began).TotalSeconds, readings);
            _readAt = run.Clock.GetTimestamp();
            return _readings = readings;
        }
    }

    private (double Cpu, double Wall) Cpu() => (Environment.CpuUsage.TotalTime.TotalSeconds, run.Clock.GetElapsedTime(_began).TotalSeconds);

    private BlockReading Read(BlockView block)
    {
        StageTimes now = block.Time.Read();
        StageTimes recent = _before.TryGetValue(block, out StageTimes before) ? now.Since(before) : now;
        return new BlockReading(block.Name, block.Lane, now, recent, block.Queued(), block.Capacity);
    }
}
