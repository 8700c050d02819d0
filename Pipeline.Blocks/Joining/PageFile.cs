using System.Globalization;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>Pages of a log on disk, <see cref="PagesPerFile"/> to a file, so that the oldest can be deleted as the log moves on.</summary>
/// <remarks>
/// Pages may be written in any order and any subset, each once; its checksum (XXH3) is checked by every read.
/// Threading: one thread. Errors: a failed write is repeated as the policy says, on the caller's thread; one that is given up throws
/// <see cref="StateStorageException"/>. A short read, a wrong checksum or an I/O error in reading throws, naming file and position.
/// </remarks>
/// <param name="path">Path that file numbers are appended to.</param>
/// <param name="policy">What becomes of failed writes.</param>
/// <param name="io">The calls on files; null for the real ones.</param>
internal sealed class PageFile(string path, IStoragePolicy policy, SegmentIo? io = null) : IDisposable
{
    private const int PagesPerFile = 64;
    private readonly SegmentIo _io = io ?? SegmentIo.Real;
    private readonly SortedDictionary<long, Segment> _segments = [];
    private readonly Dictionary<long, PageOnDisk> _pages = [];
    private readonly HashSet<long> _unsynced = [];
    private long _keepFrom = long.MaxValue;

    /// <summary>Bytes on disk.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether a page was written.</summary>
    public bool Holds(long page) => _pages.ContainsKey(page);

    /// <summary>Writes a page behind what its file holds.</summary>
    public void Write(long page, ReadOnlySpan<byte> bytes)
    {
        long number = page / PagesPerFile;
        int written = 0;
        for (int attempt = 1; WriteOnce(number, bytes, ref written) is { } cause; attempt++)
        {
            long position = _segments.GetValueOrDefault(number)?.Length ?? 0;
            var failure = new DeviceFault("write", NameOf(number), position, bytes.Length, written, cause);
            if (!policy.Repeat(failure, attempt, CancellationToken.None)) throw new StateStorageException(failure);
        }
        Segment segment = _segments[number];
        _pages[page] = new PageOnDisk(segment.Length, XxHash3.HashToUInt64(bytes), bytes.Length);
        _unsynced.Add(number);
        segment.Length += bytes.Length;
        segment.Live++;
        Bytes += bytes.Length;
    }

    /// <summary>Bytes of a written page.</summary>
    public int LengthOf(long page) => _pages[page].Length;

    /// <summary>Reads a page whole.</summary>
    public void Read(long page, Span<byte> target)
    {
        (long offset, ulong hash, int length) = _pages[page];
        if (length != target.Length)
            throw new InvalidDataException($"{NameOf(page / PagesPerFile)}: page {page} has {length} bytes, {target.Length} were asked for.");
        SafeFileHandle handle = _segments[page / PagesPerFile].Handle;
        int done = 0;
        while (done < length)
        {
            int read = RandomAccess.Read(handle, target[done..], offset + done);
            if (read == 0)
                throw new InvalidDataException($"{NameOf(page / PagesPerFile)}: ends at {offset + done}, page {page} was written to {offset + length}.");
            done += read;
        }
        ulong found = XxHash3.HashToUInt64(target);
        if (found != hash)
            throw new InvalidDataException(
                $"{NameOf(page / PagesPerFile)}: page {page} at {offset}, {length} bytes: expected the checksum {hash:x16}, found {found:x16}.");
    }

    /// <summary>Makes everything written so far durable.</summary>
    public void Sync()
    {
        foreach (long number in _unsynced)
            if (_segments.TryGetValue(number, out Segment? segment)) RandomAccess.FlushToDisk(segment.Handle);
        _unsynced.Clear();
    }

    /// <summary>Files with pages from this one on stay, whatever is deleted; those before it may go at the next <see cref="DeleteBefore"/>.</summary>
    public void KeepFrom(long page) => _keepFrom = page;

    /// <summary>First page that is kept; <see cref="long.MaxValue"/> when none has to be.</summary>
    public long KeptFrom => _keepFrom;

    /// <summary>Writes where pages lie into a snapshot.</summary>
    public void Save(SnapshotWriter snapshot, long first, long end)
    {
        snapshot.Write((int)(end - first));
        for (long page = first; page < end; page++) snapshot.Write(_pages[page]);
        foreach ((long number, Segment segment) in _segments)
        {
            if (number < first / PagesPerFile) continue;
            snapshot.Write(number);
            snapshot.Write(segment.Length);
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

    /// <summary>Deletes files of an earlier use; none may be open.</summary>
    public void DeleteFound()
    {
        foreach ((_, string file) in Found()) File.Delete(file);
    }

    /// <summary>Deletes the files that hold only pages before this one.</summary>
    public void DeleteBefore(long page)
    {
        page = Math.Min(page, _keepFrom);
        while (_segments.Count > 0)
        {
            (long number, Segment segment) = _segments.First();
            if (number + 1 > page / PagesPerFile) return;
            for (long dead = number * PagesPerFile; dead < (number + 1) * PagesPerFile; dead++) _pages.Remove(dead);
            Delete(number, segment);
        }
    }

    /// <summary>Lets go of one page; its file goes with the last of its pages.</summary>
    public void Free(long page)
    {
        if (!_pages.Remove(page)) return;
        long number = page / PagesPerFile;
        Segment segment = _segments[number];
        if (--segment.Live == 0) Delete(number, segment);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Segment segment in _segments.Values) segment.Handle.Dispose();
    }

    /// <summary>Goes on with a write behind the file's last page; null when all of it is written, else why not.</summary>
    private Exception? WriteOnce(long number, ReadOnlySpan<byte> bytes, ref int written)
    {
        try
        {
            if (!_segments.TryGetValue(number, out Segment? segment))
                _segments.Add(number, segment = new Segment(File.OpenHandle(NameOf(number), FileMode.Create, FileAccess.ReadWrite)));
            while (written < bytes.Length)
            {
                int more = _io.Write(segment.Handle, bytes[written..], segment.Length + written);
                if (more <= 0) return new IOException("the system wrote nothing and reported no error");
                written += more;
            }
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error;
        }
    }

    private void Delete(long number, Segment segment)
    {
        Bytes -= segment.Length;
        segment.Handle.Dispose();
        File.Delete(NameOf(number));
        _segments.Remove(number);
    }

    private void Open(long number, long length)
    {
        var segment = new Segment(File.OpenHandle(NameOf(number), FileMode.Open, FileAccess.ReadWrite));
        _segments.Add(number, segment);
        segment.Length = RandomAccess.GetLength(segment.Handle);
        if (length != long.MaxValue)
        {
            if (segment.Length < length) throw new InvalidDataException($"{NameOf(number)}: expected at least {length} bytes, found {segment.Length}.");
            RandomAccess.SetLength(segment.Handle, length);
            segment.Length = length;
        }
        Bytes += segment.Length;
    }

    private IEnumerable<(long Number, string File)> Found()
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full) + ".";
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(full)!, name + "*"))
            if (long.TryParse(Path.GetFileName(file).AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number)) yield return (number, file);
    }

    private string NameOf(long number) => $"{path}.{number:D8}";

    private readonly record struct PageOnDisk(long Offset, ulong Hash, int Length);

    private sealed class Segment(SafeFileHandle handle)
    {
        public readonly SafeFileHandle Handle = handle;
        public long Length;
        public int Live;
    }
}
