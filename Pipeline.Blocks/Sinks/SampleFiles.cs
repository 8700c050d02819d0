using System.Text.RegularExpressions;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>The sample files of an output directory, one a lane, and the file that says how much of each counts.</summary>
/// <remarks>
/// Lengths of files that this run has no lane for are kept. Disposal closes and commits nothing. Threading: one caller at a time; <see cref="CommitAsync"/> may run beside the others.
/// Errors: <see cref="SinkRefusedException"/> for a file shorter than committed; I/O errors as <see cref="StorageRetry"/> and <see cref="SinkFile.Sync"/> say.
/// </remarks>
internal sealed partial class SampleFiles : IDisposable
{
    private readonly string _directory;
    private readonly SampleSinkSettings _settings;
    private readonly IFileStore _store;
    private readonly StorageRetry _retry;
    private readonly StorageRetry _commitRetry;
    private readonly SinkFile?[] _lanes;
    private DiskThread? _disk;
    private SortedDictionary<string, long> _lengths = CommittedOutput.None.Lengths;
    private bool _uncovered = true;

    /// <summary>Files of a directory; nothing is opened yet.</summary>
    public SampleFiles(string directory, SampleSinkSettings settings, IFileStore store)
    {
        (_directory, _settings, _store) = (directory, settings, store);
        (_retry, _commitRetry) = (new StorageRetry(settings), new StorageRetry(settings));
        _lanes = new SinkFile?[settings.Lanes];
    }

    private string CommittedPath => Path.Combine(_directory, CommittedOutput.FileName);

    /// <summary>Appends a batch to its lane's file.</summary>
    public async ValueTask AppendAsync(OutputBatch batch, CancellationToken stop)
    {
        SinkFile file = _lanes[batch.Lane] ?? throw new InvariantException($"lane {batch.Lane}: samples came before the files of {_directory} were begun.");
        await file.AppendAsync(batch, stop).ConfigureAwait(false);
        // Nobody waits for it: what fails is kept for the file's next sync.
        if (file.TakeWriteBackDue()) _ = _disk!.RunAsync(file.WriteBack);
    }

    /// <summary>What is committed; changes nothing.</summary>
    public CommittedOutput ReadCommitted() => CommittedOutput.Read(CommittedPath);

    /// <summary>What is committed, with every committed byte there; changes nothing.</summary>
    public CommittedOutput CheckCommitted()
    {
        CommittedOutput committed = ReadCommitted();
        foreach ((string name, long expected) in committed.Lengths)
        {
            string path = Path.Combine(_directory, name);
            long found = File.Exists(path) ? new FileInfo(path).Length : 0;
            if (found < expected) throw new SinkRefusedException($"{path}: expected {expected} committed bytes, found {found}");
        }
        return committed;
    }

    /// <summary>Makes nothing count any more of what is there.</summary>
    public void Discard()
    {
        if (!File.Exists(CommittedPath)) return;
        // Durably, before any file is cut: a crash behind this leaves files of which nothing counts, never lengths without their bytes.
        File.Delete(CommittedPath);
        _store.SyncDirectory(_directory);
    }

    /// <summary>Cuts every file to what counts of it and opens those of the lanes.</summary>
    public void Begin()
    {
        _lengths = CheckCommitted().Lengths;
        _disk = new DiskThread("sample-files");
        foreach (string path in Found())
        {
            using var file = new SinkFile(path, _store, _retry);
            file.Truncate(_lengths.GetValueOrDefault(Path.GetFileName(path)));
        }
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            SinkFile file = _lanes[lane] = new SinkFile(Path.Combine(_directory, $"samples-{lane}.{_settings.Extension}"), _store, _retry);
            if (file.Written == 0) file.Append(_settings.Header);
        }
        // Before lengths are: a length whose file's name a crash took is refused for ever.
        _store.SyncDirectory(_directory);
    }

    /// <summary>Writes what is buffered, and says what a commit of all that is written has to make durable and will cover; null when the last commit covers it.</summary>
    public async ValueTask<SampleCut?> CutAsync(CancellationToken stop)
    {
        var unsynced = new List<SinkFile>();
        foreach (SinkFile? file in _lanes)
        {
            await file!.WriteAsync(stop).ConfigureAwait(false);
            if (file.TakeUnsynced()) unsynced.Add(file);
            _lengths[Path.GetFileName(file.Path)] = file.Written;
        }
        if (unsynced.Count == 0 && !_uncovered) return null;
        _uncovered = false;
        return new SampleCut(unsynced, new SortedDictionary<string, long>(_lengths, StringComparer.Ordinal));
    }

    /// <summary>Makes a cut's data durable, and renames into place that it counts, and the progress it stands for. Cuts are committed in their order.</summary>
    public async ValueTask CommitAsync(SampleCut cut, Progress? progress, CancellationToken stop)
    {
        ReadOnlyMemory<byte> bytes = new CommittedOutput(cut.Lengths, progress).Format();
        bool durable = false;
        void Commit()
        {
            if (!durable) cut.Sync();
            durable = true;
            CrashPoint.Reach(CrashPoint.BeforeCommit);
            _store.Replace(CommittedPath, bytes.Span);
        }

        // In one call: others' data that waits to be written would come between.
        await _commitRetry.RunAsync(() => $"Replacing {CommittedPath}", () => _disk!.RunAsync(Commit), stop).ConfigureAwait(false);
        CrashPoint.Reach(CrashPoint.AfterCommit);
        // Not before: until the lengths are there nobody may read what they cover.
        foreach (SinkFile file in cut.Unsynced) file.Release(cut.Lengths[Path.GetFileName(file.Path)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // First, for it writes to the files: they stay open while it does.
        if (_disk?.End() == false) return;
        foreach (SinkFile? file in _lanes) file?.Dispose();
    }

    /// <summary>Files that a run made, whatever its lanes and format; others in the directory are left alone.</summary>
    private IEnumerable<string> Found() =>
        Directory.EnumerateFiles(_directory, "samples-*").Where(static path => SampleFileName().IsMatch(Path.GetFileName(path))).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^samples-\d+\.(jsonl|csv)$", RegexOptions.CultureInvariant)]
    private static partial Regex SampleFileName();
}

/// <summary>What a commit of sample files covers.</summary>
/// <param name="Unsynced">Files that were written to since the cut before.</param>
/// <param name="Lengths">Bytes of every file, by name.</param>
internal sealed record SampleCut(IReadOnlyList<SinkFile> Unsynced, SortedDictionary<string, long> Lengths)
{
    /// <summary>Makes the files durable.</summary>
    public void Sync()
    {
        foreach (SinkFile file in Unsynced) file.Sync();
    }
}
