using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads files line by line; each file is a partition, named by its path.</summary>
/// <remarks>
/// Of the files that <see cref="SourceContext.Gate"/> permits, the one with the fewest batches in flight is read next, then the one furthest behind
/// in event time: what the gate knows lags by what is in flight, so that files far apart are parted by the gate, and files close together take turns.
/// Bounded, the end is the length found by <see cref="OpenAsync"/>. Else files are followed: growth and new files are looked for every
/// <see cref="PollInterval"/>. Positions count decompressed bytes. A CSV partition has its columns before its first batch with records.
/// Threading: one loop on the thread pool. Errors: <see cref="SourceMissingException"/> when a glob matches nothing at the start;
/// <see cref="SourceChangedException"/> for a file that was cut, removed or has fewer bytes than its position; damaged gzip data throws.
/// </remarks>
public sealed class FileSource(FileSourceOptions options, SourceContext context) : ISource
{
    /// <summary>Time between two looks for growth and new files.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Time between two notices of a file that stays at its end.</summary>
    public static readonly TimeSpan CaughtUpInterval = TimeSpan.FromSeconds(1);

    // While all that could be read is held back by the gate; short, for what it waits for is on its way through the flow.
    private static readonly TimeSpan GateInterval = TimeSpan.FromMilliseconds(5);

    private readonly List<FilePartition> _files = [];
    private readonly HashSet<string> _known = [];
    private readonly SourceWork _work = new(context.Time);
    private long _polledAt = long.MinValue;
    private long _turn;

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken stop)
    {
        foreach (string pattern in options.Paths)
            if (Find(pattern) == 0)
                throw new SourceMissingException($"No file matches {pattern}");
        foreach (FilePartition file in _files)
        {
            file.FindColumns();
            if (context.ArrivedAt is not null) file.FoundLength = new FileInfo(file.Partition.Source).Length;
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task RunAsync(ITargetBlock<RecordBatch> intake, CancellationToken stop)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _work.Begin();
        try
        {
            foreach (FilePartition file in _files) await AppearAsync(file, intake).ConfigureAwait(false);
            while (!stop.IsCancellationRequested)
            {
                if (!context.UntilEnd) await FollowAsync(intake).ConfigureAwait(false);
                FilePartition? next = Next(out bool heldBack);
                if (next is not null) await ReadAsync(next, intake).ConfigureAwait(false);
                else if (context.UntilEnd && !heldBack) return;
                else await WaitAsync(heldBack ? GateInterval : PollInterval, stop).ConfigureAwait(false);
            }
        }
        finally
        {
            _work.End();
            foreach (FilePartition file in _files) file.Dispose();
        }
    }

    private async ValueTask WaitAsync(TimeSpan time, CancellationToken stop)
    {
        _work.End();
        await Task.Delay(time, context.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _work.Begin();
    }

    private int Find(string pattern)
    {
        IReadOnlyList<string> found = FileGlob.Expand(pattern);
        foreach (string path in found)
        {
            if (!_known.Add(Path.GetFullPath(path))) continue;
            long end = context.UntilEnd ? EndOf(path) : SourcePartition.NoEnd;
            if (end < 0) continue;
            long start = context.Positions.GetValueOrDefault((path, 0));
            bool compressed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
            long length = new FileInfo(path).Length;
            if (!compressed && length < start) throw new SourceChangedException(path, $"{start} bytes or more", $"{length}");
            if (context.UntilEnd && length < end) throw new SourceChangedException(path, $"{end} bytes or more", $"{length}");
            SourcePartition partition = context.Directory.Register(path, 0, context.Streams, hasTimestamps: false);
            partition.End = end;
            partition.Start = start;
            context.Log.FileReadFrom(path, start);
            _files.Add(new FilePartition(partition, context, start, BytesBefore(path, start)));
        }
        return found.Count;
    }

    /// <summary>Reads what an earlier run read, and refuses a file in which it is not the same any more.</summary>
    private FileFingerprint BytesBefore(string path, long position)
    {
        if (position == 0) return new FileFingerprint();
        FileFingerprint found = FileFingerprint.Read(path, position);
        if (context.Fingerprints.TryGetValue((path, 0), out ulong expected) && found.Value != expected)
            throw new SourceChangedException(path, $"the fingerprint {expected:x16} of the {position} bytes that were read", $"{found.Value:x16}");
        return found;
    }

    /// <summary>Where a bounded run ends in a file; negative for one that the resumed run did not know.</summary>
    private long EndOf(string path) => context.Ends.Count == 0 ? new FileInfo(path).Length : context.Ends.GetValueOrDefault((path, 0), -1);

    private async ValueTask ReadAsync(FilePartition file, ITargetBlock<RecordBatch> intake)
    {
        RecordBatch batch = context.Pool.Rent();
        bool found = file.ReadTo < file.FoundLength;
        file.Read(batch, ++_turn);
        if (batch.RecordCount == 0 && batch.Notice == PartitionNotice.None) batch.Release();
        else await SendAsync(batch, found ? context.ArrivedAt!.Value : Now(), intake).ConfigureAwait(false);
    }

    /// <summary>Looks for growth and new files when it is time to, and says which files are at their end.</summary>
    private async ValueTask FollowAsync(ITargetBlock<RecordBatch> intake)
    {
        long now = Now();
        if (_polledAt != long.MinValue && now - _polledAt < (long)PollInterval.TotalMilliseconds) return;
        _polledAt = now;

        int before = _files.Count;
        foreach (string pattern in options.Paths) Find(pattern);
        for (int i = before; i < _files.Count; i++) await AppearAsync(_files[i], intake).ConfigureAwait(false);

        for (int i = 0; i < before; i++)
        {
            FilePartition file = _files[i];
            if (!file.AtEnd) continue;
            long asked = Now();
            file.Poll();
            if (!file.AtEnd || file.EndsInsideMember) continue;
            if (file.CaughtUpAt != long.MinValue && asked - file.CaughtUpAt < (long)CaughtUpInterval.TotalMilliseconds) continue;
            file.CaughtUpAt = asked;
            await NotifyAsync(file, PartitionNotice.CaughtUp, asked, intake).ConfigureAwait(false);
        }
    }

    private FilePartition? Next(out bool heldBack)
    {
        heldBack = false;
        FilePartition? next = null;
        long slowest = context.Gate.Slowest();
        foreach (FilePartition file in _files)
        {
            if (file.AtEnd) continue;
            long time = file.Observe();
            if (!context.Gate.MayRead(file.Partition, slowest)) heldBack = true;
            else if (next is null || (file.Unseen, time, file.LastTurn).CompareTo((next.Unseen, next.Partition.MaxEventTime, next.LastTurn)) < 0) next = file;
        }
        return next;
    }

    private ValueTask AppearAsync(FilePartition file, ITargetBlock<RecordBatch> intake) => NotifyAsync(file, PartitionNotice.Appeared, Now(), intake);

    private ValueTask NotifyAsync(FilePartition file, PartitionNotice notice, long at, ITargetBlock<RecordBatch> intake)
    {
        RecordBatch batch = context.Pool.Rent();
        batch.Partition = file.Partition;
        batch.Notice = notice;
        batch.PositionAfter = file.Position;
        batch.Fingerprint = file.Fingerprint;
        return SendAsync(batch, at, intake);
    }

    private async ValueTask SendAsync(RecordBatch batch, long at, ITargetBlock<RecordBatch> intake)
    {
        batch.At = at;
        // Once it is sent it is the intake's, and may be read from no more.
        SourcePartition? partition = batch.Partition;
        if (batch.RecordCount > 0) _work.HandedOn(batch.RecordCount);
        if (!await _work.WaitAsync(intake.SendAsync(batch)).ConfigureAwait(false)) throw new InvalidOperationException($"The intake declined a batch of {partition}: it is completed or has failed");
    }

    private long Now() => context.Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
