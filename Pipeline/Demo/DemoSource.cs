using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Generation;

namespace Pipeline.Demo;

/// <summary>Lets a synthetic log arrive as time goes by: one partition of exposures, one of clicks.</summary>
/// <remarks>Bounded by a length of time: then both partitions end and every window closes. Threading: one loop.</remarks>
internal sealed class DemoSource(DemoSourceOptions options, SourceContext context, TimeSpan? length) : ISource
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private SourcePartition _exposures = null!;
    private SourcePartition _clicks = null!;

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken stop)
    {
        _exposures = context.Directory.Register("exposure", 0, [0], hasTimestamps: false);
        _clicks = context.Directory.Register("click", 0, [1], hasTimestamps: false);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop)
    {
        var log = new SyntheticLog(options.Log);
        long began = context.Clock.GetTimestamp();
        bool waiting = log.MoveNext();
        await Send(intake, Rent(_exposures, PartitionNotice.Appeared)).ConfigureAwait(false);
        await Send(intake, Rent(_clicks, PartitionNotice.Appeared)).ConfigureAwait(false);
        using var timer = new PeriodicTimer(Step, context.Clock);
        bool ended = false;
        context.Time?.Begin();
        while (waiting && !ended && !stop.IsCancellationRequested)
        {
            ended = context.Clock.GetElapsedTime(began) >= length;
            long now = context.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            PartitionNotice notice = ended ? PartitionNotice.Ended : PartitionNotice.None;
            RecordBatch exposures = Rent(_exposures, notice);
            RecordBatch clicks = Rent(_clicks, notice);
            while (waiting && log.Arrival <= now)
            {
                if (log.IsExposure) exposures.Add(log.Line, log.Exposures - 1, SourcePartition.NoTime);
                else clicks.Add(log.Line, log.Clicks - 1, SourcePartition.NoTime);
                waiting = log.MoveNext();
            }
            exposures.PositionAfter = log.Exposures;
            clicks.PositionAfter = log.Clicks;
            await Send(intake, exposures).ConfigureAwait(false);
            await Send(intake, clicks).ConfigureAwait(false);
            context.Time?.End(0);
            if (!ended) await WaitForStep(timer, stop).ConfigureAwait(false);
            context.Time?.Begin();
        }
        context.Time?.End(0);
    }

    private static async Task WaitForStep(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            await timer.WaitForNextTickAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop sees the stop itself.
        }
    }

    private RecordBatch Rent(SourcePartition partition, PartitionNotice notice)
    {
        RecordBatch batch = context.Pool.Rent();
        batch.Partition = partition;
        batch.Notice = notice;
        return batch;
    }

    private ValueTask Send(ITargetBlock<RecordBatch> intake, RecordBatch batch)
    {
        batch.At = context.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        return intake.Deliver(batch);
    }
}
