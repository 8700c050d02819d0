using System.IO.Hashing;
using System.Text.Json;

namespace Pipeline.Tests.Crashes;

/// <summary>
/// A reader of sample files that stops at the lengths of <c>_committed.json</c>, and looks again all the time: what it sees of a file must be a prefix of what
/// it sees later.
/// </summary>
internal sealed class FileOutput : ICommittedOutput
{
    private const int LooksPerFullCheck = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    private readonly string _folder;
    private readonly Dictionary<string, Prefix> _files = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _enough = new();
    private readonly Lock _gate = new();
    private readonly Task _looking;
    private readonly DistinctCount _distinct = new();
    private long _count;
    private string? _violation;

    /// <param name="folder">The sink's folder, there or not yet.</param>
    public FileOutput(string folder)
    {
        _folder = folder;
        _looking = LookAgainAsync();
    }

    /// <inheritdoc/>
    public long Count => Interlocked.Read(ref _count);

    /// <inheritdoc/>
    public long Distinct => _distinct.Value;

    /// <inheritdoc/>
    public string? Violation => Volatile.Read(ref _violation);

    /// <summary>Looks once.</summary>
    /// <param name="whole">Whether what was seen before is read again.</param>
    public void Look(bool whole)
    {
        lock (_gate)
        {
            if (_violation is null && WhatIsWrong(whole) is { } found) Volatile.Write(ref _violation, found);
        }
    }

    /// <inheritdoc/>
    public Task CatchUpAsync()
    {
        Look(whole: true);
        lock (_gate)
        {
            foreach ((string name, Prefix prefix) in _files)
                if (_violation is null && new FileInfo(Path.Combine(_folder, name)).Length is var length && length != prefix.Bytes.Length)
                    _violation = $"{name}: {prefix.Bytes.Length} bytes are committed, and the file has {length} after a clean end";
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeenSample> Seen()
    {
        lock (_gate)
        {
            return [.. _files.OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => Lines(file.Value.Bytes.ToArray()).Select(line => new SeenSample(file.Key, null, line)))];
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
    }

    private async Task LookAgainAsync()
    {
        for (int look = 1; !_enough.IsCancellationRequested; look++)
        {
            Look(whole: look % LooksPerFullCheck == 0);
            await Task.Delay(Interval, _enough.Token).ConfigureAwait(false);
        }
    }

    private string? WhatIsWrong(bool whole)
    {
        string committed = Path.Combine(_folder, "_committed.json");
        if (!File.Exists(committed)) return _files.Count == 0 ? null : "_committed.json is gone";
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(committed));
            foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject()) lengths.Add(file.Name, file.Value.GetInt64());
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException or IOException)
        {
            return $"_committed.json cannot be read: {unreadable.Message}";
        }
        foreach (string known in _files.Keys)
            if (!lengths.ContainsKey(known)) return $"{known} was committed, and _committed.json no longer knows it";
        foreach ((string name, long length) in lengths)
        {
            if (!_files.TryGetValue(name, out Prefix? prefix)) _files.Add(name, prefix = new Prefix());
            if (Compare(name, length, prefix, whole) is { } wrong) return wrong;
        }
        return null;
    }

    private string? Compare(string name, long length, Prefix prefix, bool whole)
    {
        long before = prefix.Bytes.Length;
        if (length < before) return $"{name}: {before} bytes were committed, now only {length} are";
        if (length == before && !whole) return null;
        string path = Path.Combine(_folder, name);
        if (!File.Exists(path)) return $"{name}: {length} bytes are committed, and there is no file";
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length < length) return $"{name}: {length} bytes are committed, and the file has {file.Length}";
        if (whole)
        {
            byte[] again = new byte[before];
            file.ReadExactly(again);
            if (XxHash128.HashToUInt128(again) != prefix.Hash) return $"{name}: of the first {before} bytes, which were committed, some are others now";
        }
        file.Position = before;
        byte[] more = new byte[length - before];
        file.ReadExactly(more);
        if (more.Length > 0 && more[^1] != '\n') return $"{name}: the {length} committed bytes end inside a line";
        prefix.Add(more);
        foreach (byte[] line in Lines(more)) _distinct.Add(line);
        Interlocked.Add(ref _count, more.AsSpan().Count((byte)'\n'));
        return null;
    }

    private static IEnumerable<byte[]> Lines(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int end = Array.IndexOf(bytes, (byte)'\n', at);
            yield return bytes[at..end];
            at = end + 1;
        }
    }

    private sealed class Prefix
    {
        private readonly XxHash128 _hash = new();

        public MemoryStream Bytes { get; } = new();

        public UInt128 Hash => _hash.GetCurrentHashAsUInt128();

        public void Add(byte[] more)
        {
            Bytes.Write(more);
            _hash.Append(more);
        }
    }
}
