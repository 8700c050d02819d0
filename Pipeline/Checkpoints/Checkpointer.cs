using System.Text;
using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;
using Pipeline.Topology;

namespace Pipeline.Checkpoints;

/// <summary>Takes checkpoints of a running topology: barrier, snapshots, and the manifest once everything before the barrier is delivered.</summary>
/// <remarks>
/// Records flow meanwhile. Threading: any; one checkpoint at a time, others wait. Errors: what cannot be written within the job's limit throws and is to stop
/// the run; a flow that ends or fails meanwhile leaves the checkpoint without a manifest, which is none.
/// </remarks>
internal sealed class Checkpointer(JobOptions job, SampleTopology topology, StateDirectory state, RunOrigin origin, TimeProvider clock, CheckpointTelemetry telemetry, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private long _id = origin.LastCheckpoint;

    /// <summary>Positions of the oldest kept checkpoint: what lag tools are to see.</summary>
    public IReadOnlyList<(SourcePartition Partition, long Position)> OldestPositions { get; private set; } = [];

    /// <summary>The newest checkpoint; null before the first.</summary>
    public CheckpointManifest? Newest { get; private set; }

    /// <summary>Takes one.</summary>
    /// <param name="running">The flow.</param>
    /// <param name="stop">Gives up waiting for a disk.</param>
    /// <param name="cleanStop">The sources have stopped: nothing comes behind it.</param>
    /// <param name="finished">A bounded run came to its end.</param>
    public async Task TakeAsync(RunningTopology running, CancellationToken stop, bool cleanStop = false, Func<bool>? finished = null)
    {
        await _one.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            await TakeOneAsync(running, cleanStop, finished, stop).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            telemetry.Fail();
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task TakeOneAsync(RunningTopology running, bool cleanStop, Func<bool>? finished, CancellationToken stop)
    {
        long id = ++_id;
        long began = clock.GetTimestamp();
        double[] pausedBefore = Pauses();
        string directory = await state.Checkpoints.BeginAsync(id, stop).ConfigureAwait(false);
        for (int lane = 0; lane < topology.Lanes.Count; lane++) Directory.CreateDirectory(CheckpointBarrier.LaneDirectory(directory, lane));
        if (await running.PassBarrierAsync(directory).ConfigureAwait(false) is not { } barrier) return;
        LaneSnapshot[] lanes = await Task.WhenAll(topology.Lanes.Select(static lane => lane.Cut!)).ConfigureAwait(false);
        CheckpointManifest manifest = await Task.Run(() => Describe(id, barrier, directory, lanes, cleanStop, finished?.Invoke() ?? false)).ConfigureAwait(false);
        await state.Checkpoints.CommitAsync(manifest, state.LaneDirectories(lanes.Length), stop).ConfigureAwait(false);
        Newest = manifest;
        telemetry.Took(began, TimeSpan.FromSeconds(Pauses().Zip(pausedBefore, static (after, before) => after - before).Max()), manifest.SnapshotBytes());
        log.CheckpointWritten(id, lanes.Sum(static lane => lane.Bytes));
        if (await state.Checkpoints.PruneAsync(job.State.Keep, stop).ConfigureAwait(false) is { } oldest) LetGo(oldest);
    }

    /// <summary>Seconds that snapshots held each lane so far.</summary>
    private double[] Pauses() => [.. topology.Lanes.Select(static lane => lane.SnapshotTime.Read().Busy)];

    private CheckpointManifest Describe(long id, CheckpointBarrier barrier, string directory, LaneSnapshot[] lanes, bool cleanStop, bool finished)
    {
        PartitionCut read = topology.Partition.Cut!;
        Progress? committed = topology.Sink.Committed ?? origin.Progress;
        return new CheckpointManifest
        {
            FormatVersion = CheckpointManifest.CurrentFormat,
            ContractVersion = SettingsHash.ContractVersion,
            Job = job.Job,
            Id = id,
            Created = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Owner = origin.Owner,
            Origin = origin.Origin,
            Discards = topology.Sink.Committed is null ? origin.Discards : null,
            Delivery = job.Delivery,
            SettingsHash = SettingsHash.Of(job),
            Settings = Encoding.UTF8.GetString(SettingsHash.Text(job)),
            CleanStop = cleanStop,
            Finished = finished,
            Streams = [.. job.Streams.Select(static stream => new ManifestStream(stream.Name, stream.Role))],
            WindowMs = (long)job.Window.Length.TotalMilliseconds,
            Anchor = job.Window.Anchor,
            KeepsLetters = job.DeadLetter is not null,
            Lanes = [.. lanes.Select((snapshot, lane) => ManifestLane.Of(directory, Path.Combine(CheckpointBarrier.LaneDirectory("", lane), LaneSnapshot.FileName), snapshot.Floor, topology.Lanes[lane].OpenAtCut))],
            Partitions = CheckpointCut.Partitions(topology.Directory, read, origin.Starts),
            Watermark = read.Tracker.Watermark,
            MaxEventTime = read.Tracker.MaxEventTime,
            StreamWatermarks = read.Tracker.StreamWatermarks,
            Floors = read.Tracker.Floors,
            Ledger = CheckpointCut.Ledger(read.Ledger, topology.Format.Ledger.UpTo(barrier.Id)),
            Commits = committed?.Commits ?? 0,
            Points = ManifestPoint.Of(committed?.Points ?? []),
        };
    }

    private void LetGo(CheckpointManifest oldest)
    {
        for (int lane = 0; lane < topology.Lanes.Count; lane++)
            topology.Lanes[lane].KeepFrom(oldest.Lanes[lane].Floor());
        // By name: one that this run did not begin from may number them otherwise.
        OldestPositions =
        [
            .. topology.Directory.All
                .Select(partition => (partition, oldest.Partitions.FirstOrDefault(entry => entry.Source == partition.Source && entry.Number == partition.Number)?.Position ?? -1))
                .Where(static at => at.Item2 >= 0),
        ];
    }
}
