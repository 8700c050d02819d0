using System.Text.RegularExpressions;
using Pipeline.Blocks.Flow;

namespace Pipeline.Blocks.Sinks;

/// <summary>The sample files of an output directory, one a lane, and the file that says how much of each counts.</summary>
/// <remarks>
/// Lengths of files that this run has no lane for are kept. Disposal closes and commits nothing. Threading: one caller at a time.
/// Errors: <see cref="SinkRefusedException"/> for a file shorter than committed; I/O errors as <see cref="StorageRetry"/> and <see cref="SinkFile.SyncAsync"/> say.
/// </remarks>
internal sealed partial class SampleFiles : IDisposable
{
    private readonly string _directory;
    private readonly SampleSinkSettings _settings;
    private readonly IFileStore _store;
    private readonly StorageRetry _retry;
    private readonly SinkFile?[] _lanes;
    private SortedDictionary<string, long> _lengths = CommittedOutput.None.Lengths;
    private bool _uncovered = true;

    /// <summary>Files of a directory; nothing is opened yet.</summary>
    public SampleFiles(string directory, SampleSinkSettings settings, IFileStore store)
    {
        (_directory, _settings, _store) = (directory, settings, store);
        _retry = new StorageRetry(settings);
        _lanes = new SinkFile?[settings.Lanes];
    }

    private string CommittedPath => Path.Combine(_directory, CommittedOutput.FileName);

    /// <summary>The file of a lane.</summary>
    public SinkFile Lane(int lane) => _lanes[lane] ?? throw new InvariantException($"lane {lane}: samples came before the files of {_directory} were begun.");

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

    /// <summary>Makes all lanes' data durable; tells whether the committed lengths do not cover it yet.</summary>
    public async ValueTask<bool> SyncAsync(CancellationToken stop)
    {
        foreach (SinkFile? file in _lanes)
        {
            _uncovered |= await file!.SyncAsync(stop).ConfigureAwait(false);
            _lengths[Path.GetFileName(file.Path)] = file.Written;
        }
        return _uncovered;
    }

    /// <summary>Renames into place that everything synced counts, and the progress it stands for.</summary>
    public async ValueTask CommitAsync(Progress? progress, CancellationToken stop)
    {
        ReadOnlyMemory<byte> bytes = new CommittedOutput(_lengths, progress).Format();
        CrashPoint.Reach(CrashPoint.BeforeCommit);
        await _retry.RunAsync($"Replacing {CommittedPath}", () => _store.Replace(CommittedPath, bytes.Span), stop).ConfigureAwait(false);
        CrashPoint.Reach(CrashPoint.AfterCommit);
        _uncovered = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SinkFile? file in _lanes) file?.Dispose();
    }

    /// <summary>Files that a run made, whatever its lanes and format; others in the directory are left alone.</summary>
    private IEnumerable<string> Found() =>
        Directory.EnumerateFiles(_directory, "samples-*").Where(static path => SampleFileName().IsMatch(Path.GetFileName(path))).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^samples-\d+\.(jsonl|csv)$", RegexOptions.CultureInvariant)]
    private static partial Regex SampleFileName();
}
