using System.Text.RegularExpressions;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Appends samples to <c>DIR/samples-&lt;lane&gt;.jsonl</c> (or <c>.csv</c>); <c>DIR/_committed.json</c> says how much of each file counts.</summary>
/// <remarks>
/// <see cref="FlushAsync"/> makes the data of all lanes durable and then renames the new lengths into place; what lies behind them is cut at the next
/// start. Lengths of files that this run has no lane for are kept. Disposal closes and flushes nothing.
/// Threading: one call at a time. Errors: <see cref="SinkRefusedException"/> for a file shorter than committed; I/O errors as <see cref="StorageRetry"/>
/// and <see cref="SinkFile.SyncAsync"/> say, and after one of them the sink is to be disposed of.
/// </remarks>
public sealed partial class FileSink : ISampleSink
{
    private readonly string _directory;
    private readonly SampleSinkSettings _settings;
    private readonly IFileStore _store;
    private readonly StorageRetry _retry;
    private readonly SinkFile?[] _lanes;
    private SortedDictionary<string, long> _committed = new(StringComparer.Ordinal);
    private bool _everCommitted;

    /// <summary>A sink on real files.</summary>
    public FileSink(FileSinkOptions options, SampleSinkSettings settings) : this(options, settings, FileStore.Real)
    {
    }

    /// <summary>A sink on a test's files.</summary>
    internal FileSink(FileSinkOptions options, SampleSinkSettings settings, IFileStore store)
    {
        _directory = Path.GetFullPath(options.Dir);
        (_settings, _store) = (settings, store);
        _retry = new StorageRetry(settings);
        _lanes = new SinkFile?[settings.Lanes];
    }

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken stop)
    {
        Directory.CreateDirectory(_directory);
        string committed = Path.Combine(_directory, CommittedLengths.FileName);
        if (_settings.Fresh && File.Exists(committed))
        {
            // First, and durably: a crash behind this leaves files of which nothing counts, never lengths without their bytes.
            File.Delete(committed);
            _store.SyncDirectory(_directory);
        }
        _committed = CommittedLengths.Read(committed);
        RefuseShorter();
        foreach (string path in SampleFiles())
        {
            using var file = new SinkFile(path, _store, _retry);
            file.Truncate(_committed.GetValueOrDefault(Path.GetFileName(path)));
        }
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            SinkFile file = _lanes[lane] = new SinkFile(Path.Combine(_directory, $"samples-{lane}.{_settings.Extension}"), _store, _retry);
            if (file.Written == 0) file.Append(_settings.Header);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        SinkFile file = _lanes[batch.Lane]!;
        for (int next = 0; next < batch.Count;)
        {
            next = file.Append(batch, next);
            if (file.Full) await file.WriteAsync(stop).ConfigureAwait(false);
        }
        batch.Release();
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken stop)
    {
        bool changed = !_everCommitted;
        foreach (SinkFile? file in _lanes)
        {
            changed |= await file!.SyncAsync(stop).ConfigureAwait(false);
            _committed[Path.GetFileName(file.Path)] = file.Written;
        }
        if (!changed) return;
        string path = Path.Combine(_directory, CommittedLengths.FileName);
        ReadOnlyMemory<byte> lengths = CommittedLengths.Format(_committed);
        await _retry.RunAsync($"Replacing {path}", () => _store.Replace(path, lengths.Span), stop).ConfigureAwait(false);
        _everCommitted = true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (SinkFile? file in _lanes) file?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Checks every committed length before anything is changed.</summary>
    private void RefuseShorter()
    {
        foreach ((string name, long expected) in _committed)
        {
            string path = Path.Combine(_directory, name);
            long found = File.Exists(path) ? new FileInfo(path).Length : 0;
            if (found < expected) throw new SinkRefusedException($"{path}: expected {expected} committed bytes, found {found}");
        }
    }

    /// <summary>Files that a run made, whatever its lanes and format; others in the directory are left alone.</summary>
    private IEnumerable<string> SampleFiles() =>
        Directory.EnumerateFiles(_directory, "samples-*").Where(static path => SampleFileName().IsMatch(Path.GetFileName(path))).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^samples-\d+\.(jsonl|csv)$", RegexOptions.CultureInvariant)]
    private static partial Regex SampleFileName();
}
