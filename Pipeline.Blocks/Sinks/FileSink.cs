using System.Runtime.ExceptionServices;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Appends samples to <c>DIR/samples-&lt;lane&gt;.jsonl</c> (or <c>.csv</c>); <c>DIR/_committed.json</c> says how much of each file counts.</summary>
/// <remarks>
/// A commit makes the data of all lanes durable and then renames the new lengths into place, with exactly-once delivery together with the progress; what
/// lies behind the lengths is cut at the next start. While data is made durable the writing goes on: a commit is cut off first. <see cref="FlushAsync"/> commits; with exactly-once delivery every <see cref="CommitInterval"/> does
/// too, on a thread of its own. Disposal closes and commits nothing. One process at a time: from <see cref="OpenAsync"/> on <c>DIR/_samples.lock</c> is held.
/// Threading: one call at a time. Errors: <see cref="SinkLockedException"/>; <see cref="SinkRefusedException"/> for a file shorter than committed; I/O errors
/// as <see cref="StorageRetry"/> and <see cref="SinkFile.Sync"/> say. After one of them, or a cancelled call, every further call throws it again.
/// </remarks>
public sealed class FileSink : ISampleSink
{
    /// <summary>Longest time a sample waits for its commit to begin.</summary>
    /// <remarks>
    /// A commit syncs each lane's file, so that more of them are more of the disk's time; the writing goes on meanwhile. With one a second the disk held the flow up for 0.15 to 0.2 s of it, on one core,
    /// before commits had a thread of their own (perf/results/2026-11-29.md: "Who waits for the disk"). Other intervals are in no results.
    /// </remarks>
    public static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);

    private const string LockName = "_samples.lock";

    private readonly string _directory;
    private readonly SampleSinkSettings _settings;
    private readonly IFileStore _store;
    private readonly SampleFiles _files;
    private readonly SemaphoreSlim _gate = new(1, 1);
    // Taken before the gate, which is not held while a disk is waited for.
    private readonly SemaphoreSlim _commitGate = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private OutputDirectory? _held;
    private PendingProgress? _progress;
    private Task _commits = Task.CompletedTask;
    private volatile Exception? _failure;

    /// <summary>A sink on real files.</summary>
    public FileSink(FileSinkOptions options, SampleSinkSettings settings) : this(options, settings, FileStore.Real)
    {
    }

    /// <summary>A sink on a test's files.</summary>
    internal FileSink(FileSinkOptions options, SampleSinkSettings settings, IFileStore store)
    {
        _directory = Path.GetFullPath(options.Dir);
        (_settings, _store) = (settings, store);
        _files = new SampleFiles(_directory, settings, store);
    }

    private bool ExactlyOnce => _settings.Delivery == DeliveryMode.ExactlyOnce;

    /// <inheritdoc/>
    public Progress? Committed => _progress?.Committed;

    /// <inheritdoc/>
    public Task<Progress?> ReadProgressAsync(CancellationToken stop) => Task.FromResult(ExactlyOnce ? _files.ReadCommitted().Progress : null);

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken stop)
    {
        OutputDirectory held = OutputDirectory.Open(_directory, LockName, _store);
        try
        {
            if (!_settings.Fresh && _files.CheckCommitted() is { Progress: null } found) RefuseUnexpected(found);
            if (!ExactlyOnce) Begin(_settings.Fresh);
        }
        catch
        {
            held.Dispose();
            throw;
        }
        _held = held;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task BeginAsync(Progress from, bool fresh, CancellationToken stop)
    {
        if (!ExactlyOnce) return;
        Begin(fresh);
        _progress = new PendingProgress(from);
        await FlushAsync(stop).ConfigureAwait(false);
        _commits = CommitByTimeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        await _gate.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            ThrowIfFailed();
            _progress?.Add(batch);
            _settings.Telemetry?.Hold(batch);
            await _files.AppendAsync(batch, stop).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // Part of the batch may be buffered: committed, it would come again after a restart.
            _failure ??= failure;
            throw;
        }
        finally
        {
            _gate.Release();
        }
        batch.Release();
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken stop)
    {
        await _commitGate.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            if (await CutAsync(stop).ConfigureAwait(false) is not { } commit) return;
            await _files.CommitAsync(commit.Cut, commit.Progress, stop).ConfigureAwait(false);
            if (commit.Progress is not null) _progress!.Commit(commit.Progress);
            _settings.Telemetry?.Deliver(commit.Held);
            _settings.Telemetry?.Committed(commit.Began);
        }
        catch (Exception failure)
        {
            // A later commit would cover what a failed fsync has lost.
            _failure ??= failure;
            throw;
        }
        finally
        {
            _commitGate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _commits.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _files.Dispose();
        _held?.Dispose();
        _closing.Dispose();
        _gate.Dispose();
        _commitGate.Dispose();
    }

    /// <summary>Cuts off what is written by now; null when there is nothing to commit.</summary>
    private async ValueTask<Commit?> CutAsync(CancellationToken stop)
    {
        await _gate.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            ThrowIfFailed();
            // A barrier may pass before anything is begun.
            if (ExactlyOnce && _progress is null) return null;
            long began = _settings.Clock.GetTimestamp();
            if (await _files.CutAsync(stop).ConfigureAwait(false) is not { } cut) return null;
            return new Commit(cut, _progress?.Next(), _settings.Telemetry?.TakeHeld() ?? default, began);
        }
        catch (Exception failure)
        {
            // Before the gate opens: no write may come behind one that failed.
            _failure ??= failure;
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    private void RefuseUnexpected(CommittedOutput found)
    {
        if (_settings.Expected == ExpectedOutput.Nothing && found.Lengths.Values.Any(static length => length > 0))
            throw new SinkRefusedException(
                $"{Path.Combine(_directory, CommittedOutput.FileName)}: expected no committed samples, as there is neither state nor progress of this job, found {found.Lengths.Values.Sum()} bytes. "
                + "Name another directory, or discard them with --from-scratch");
    }

    private void Begin(bool fresh)
    {
        if (fresh) _files.Discard();
        _files.Begin();
    }

    /// <summary>Commits at every interval until the sink is closed or has failed: whoever calls next is told.</summary>
    private async Task CommitByTimeAsync()
    {
        using var timer = new PeriodicTimer(CommitInterval, _settings.Clock);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false)) await FlushAsync(_closing.Token).ConfigureAwait(false);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    private sealed record Commit(SampleCut Cut, Progress? Progress, HeldSamples Held, long Began);
}
