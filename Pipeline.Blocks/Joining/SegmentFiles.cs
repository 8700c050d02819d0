using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>The segment files of one log, <c>PREFIX.0</c>, <c>PREFIX.1</c> …: a bounded number of open handles, and what is on disk.</summary>
/// <remarks>Threading: any; the lock is held for opening and closing only, never over a read or write.</remarks>
/// <param name="prefix">Path without the number. The directory is private to the log.</param>
/// <param name="maxOpen">Handles kept open; more only while that many are in use at once.</param>
internal sealed class SegmentFiles(string prefix, int maxOpen) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, OpenFile> _open = [];
    private readonly Dictionary<int, long> _lengths = [];
    private readonly HashSet<int> _unsynced = [];
    private readonly HashSet<int> _kept = [];
    private int _keepFrom = int.MaxValue;
    private long _bytes;
    private long _clock;

    /// <summary>Bytes on disk.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>Handles open now.</summary>
    public int OpenHandles
    {
        get
        {
            lock (_lock) return _open.Count;
        }
    }

    /// <summary>Path of a segment.</summary>
    public string PathOf(int segment) => string.Create(CultureInfo.InvariantCulture, $"{prefix}.{segment}");

    /// <summary>Takes stock of the files found, or deletes them. Names that are not segments are left alone.</summary>
    public void Begin(bool keep)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(prefix))!;
        Directory.CreateDirectory(directory);
        string name = Path.GetFileName(prefix) + ".";
        foreach (string path in Directory.GetFiles(directory, name + "*"))
        {
            if (!int.TryParse(Path.GetFileName(path).AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int segment)) continue;
            if (keep) SetLength(segment, new FileInfo(path).Length);
            else File.Delete(path);
        }
    }

    /// <summary>A handle for one access; give it back by <see cref="Return"/>. A segment that is read must exist.</summary>
    public SafeFileHandle Rent(int segment, bool create)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(segment, out OpenFile? file))
            {
                CloseIdle(maxOpen - 1);
                SafeFileHandle handle = File.OpenHandle(PathOf(segment), create ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
                _open[segment] = file = new OpenFile(handle);
            }
            file.Users++;
            file.LastUse = ++_clock;
            return file.Handle;
        }
    }

    /// <summary>Ends an access.</summary>
    public void Return(int segment)
    {
        lock (_lock)
        {
            OpenFile file = _open[segment];
            if (--file.Users == 0 && file.Removed) Close(segment, file);
        }
    }

    /// <summary>Notes what was written.</summary>
    public void Wrote(int segment, long end)
    {
        lock (_lock)
        {
            SetLength(segment, Math.Max(end, _lengths.GetValueOrDefault(segment)));
            _unsynced.Add(segment);
        }
    }

    /// <summary>Whether a segment was written and not removed.</summary>
    public bool Holds(int segment)
    {
        lock (_lock) return _lengths.ContainsKey(segment);
    }

    /// <summary>Segments written since they were last taken from here, to be synced.</summary>
    public int[] TakeUnsynced()
    {
        lock (_lock)
        {
            int[] segments = [.. _unsynced];
            _unsynced.Clear();
            return segments;
        }
    }

    /// <summary>First segment that is not to be deleted; <see cref="int.MaxValue"/> when none is kept.</summary>
    public int KeptFrom
    {
        get
        {
            lock (_lock) return _keepFrom;
        }
    }

    /// <summary>Segments from this one on stay, whatever is removed. Returns those before it that were to be removed and stayed: now they may go.</summary>
    public int[] KeepFrom(int segment)
    {
        lock (_lock)
        {
            _keepFrom = segment;
            int[] released = [.. _kept.Where(kept => kept < segment)];
            _kept.ExceptWith(released);
            return released;
        }
    }

    /// <summary>Deletes a segment, unless it is kept; one that was never written is no error.</summary>
    public void Remove(int segment)
    {
        lock (_lock)
        {
            if (segment >= _keepFrom)
            {
                _kept.Add(segment);
                return;
            }
            if (_open.TryGetValue(segment, out OpenFile? file))
            {
                file.Removed = true;
                if (file.Users == 0) Close(segment, file);
            }
            if (_lengths.Remove(segment, out long length)) _bytes -= length;
            _unsynced.Remove(segment);
        }
        File.Delete(PathOf(segment));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (OpenFile file in _open.Values) file.Handle.Dispose();
            _open.Clear();
        }
    }

    private void SetLength(int segment, long length)
    {
        _bytes += length - _lengths.GetValueOrDefault(segment);
        _lengths[segment] = length;
    }

    private void CloseIdle(int keep)
    {
        while (_open.Count > keep)
        {
            int oldest = -1;
            long oldestUse = long.MaxValue;
            foreach ((int segment, OpenFile file) in _open)
                if (file.Users == 0 && file.LastUse < oldestUse) (oldest, oldestUse) = (segment, file.LastUse);
            if (oldest < 0) return;
            Close(oldest, _open[oldest]);
        }
    }

    private void Close(int segment, OpenFile file)
    {
        file.Handle.Dispose();
        _open.Remove(segment);
    }

    private sealed class OpenFile(SafeFileHandle handle)
    {
        public readonly SafeFileHandle Handle = handle;
        public int Users;
        public long LastUse;
        public bool Removed;
    }
}
