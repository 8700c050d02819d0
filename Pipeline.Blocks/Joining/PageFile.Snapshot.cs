using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <content>Where the pages of a snapshot lie, and how they are found again.</content>
internal sealed partial class PageFile
{
    /// <summary>Makes what was written so far of this page and those behind it durable. Errors: throws <see cref="StateStorageException"/>.</summary>
    public void Sync(long first)
    {
        (long Number, SafeFileHandle Handle)[] unsynced;
        lock (_lock)
        {
            unsynced = [.. _unsynced.Where(number => number >= first / PagesPerFile).Select(number => (number, _segments[number].Handle))];
            foreach ((long number, _) in unsynced) _unsynced.Remove(number);
        }
        foreach ((long number, SafeFileHandle handle) in unsynced)
        {
            try
            {
                _io.Sync(handle);
            }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
            {
                throw new StateStorageException(new DeviceFault("sync", NameOf(number), 0, 0, 0, cause));
            }
        }
    }

    /// <summary>Writes where pages lie into a snapshot, and how much of each file has to be there.</summary>
    public void Save(SnapshotWriter snapshot, long first, long end)
    {
        var pages = new PageOnDisk[end - first];
        var files = new List<(long Number, long Length)>();
        lock (_lock)
        {
            for (long page = first; page < end; page++) pages[page - first] = _pages[page];
            foreach (long number in _segments.Keys)
            {
                if (number < first / PagesPerFile) continue;
                // Only pages below the end: others may still be on their way to the file.
                long length = 0;
                for (long page = number * PagesPerFile; page < Math.Min(end, (number + 1) * PagesPerFile); page++)
                    if (_pages.TryGetValue(page, out PageOnDisk found)) length = Math.Max(length, found.Offset + found.Length);
                if (length > 0) files.Add((number, length));
            }
        }
        snapshot.WriteMany<PageOnDisk>(pages);
        foreach ((long number, long length) in files)
        {
            snapshot.Write(number);
            snapshot.Write(length);
        }
        snapshot.Write(-1L);
    }

    /// <summary>
    /// Takes over the files as they were at a snapshot: what was written later is cut off; files before its first page stay until they are released.
    /// Returns the pages' lengths.
    /// </summary>
    public int[] Load(SnapshotReader snapshot, long first)
    {
        int[] lengths = new int[snapshot.Read<int>()];
        for (int i = 0; i < lengths.Length; i++)
        {
            PageOnDisk page = snapshot.Read<PageOnDisk>();
            _pages.Add(first + i, page);
            lengths[i] = page.Length;
        }
        var recorded = new Dictionary<long, long>();
        for (long number = snapshot.Read<long>(); number >= 0; number = snapshot.Read<long>()) recorded.Add(number, snapshot.Read<long>());
        foreach ((long number, string file) in Found())
            if (number >= first / PagesPerFile && !recorded.ContainsKey(number)) File.Delete(file);
            else Open(number, recorded.GetValueOrDefault(number, long.MaxValue));
        foreach (long number in recorded.Keys)
            if (!_segments.ContainsKey(number)) throw new InvalidDataException($"{NameOf(number)}: expected {recorded[number]} bytes, found no file.");
        KeepFrom(0);
        return lengths;
    }

    /// <summary>Reads the pages of a snapshot and checks them, changing nothing. To be called where <see cref="Load"/> would be.</summary>
    /// <exception cref="InvalidDataException">A file is missing or short, or a page is not what was written.</exception>
    public static void Check(SnapshotReader snapshot, string path, long first)
    {
        PageOnDisk[] pages = snapshot.ReadMany<PageOnDisk>();
        byte[] bytes = new byte[pages.Select(static page => page.Length).DefaultIfEmpty(0).Max()];
        for (long number = snapshot.Read<long>(); number >= 0; number = snapshot.Read<long>())
        {
            long expected = snapshot.Read<long>();
            string name = NameOf(path, number);
            if (!File.Exists(name)) throw new InvalidDataException($"{name}: expected {expected} bytes, found no file.");
            using SafeFileHandle file = File.OpenHandle(name, share: FileShare.ReadWrite | FileShare.Delete, options: FileOptions.SequentialScan);
            long found = RandomAccess.GetLength(file);
            if (found < expected) throw new InvalidDataException($"{name}: expected at least {expected} bytes, found {found}.");
            for (long page = Math.Max(first, number * PagesPerFile); page < Math.Min(first + pages.Length, (number + 1) * PagesPerFile); page++)
                ReadChecked(SegmentIo.Real, file, path, page, pages[page - first], bytes.AsSpan(0, pages[page - first].Length));
        }
    }

    private void Open(long number, long length)
    {
        var segment = new Segment(File.OpenHandle(NameOf(number), FileMode.Open, FileAccess.ReadWrite));
        _segments.Add(number, segment);
        _least = Math.Min(_least, number);
        segment.End = RandomAccess.GetLength(segment.Handle);
        if (length != long.MaxValue)
        {
            if (segment.End < length) throw new InvalidDataException($"{NameOf(number)}: expected at least {length} bytes, found {segment.End}.");
            RandomAccess.SetLength(segment.Handle, length);
            segment.End = length;
        }
        segment.Bytes = segment.End;
        _bytes += segment.Bytes;
    }

    private IEnumerable<(long Number, string File)> Found()
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full) + ".";
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(full)!, name + "*"))
            if (long.TryParse(Path.GetFileName(file).AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number)) yield return (number, file);
    }
}
