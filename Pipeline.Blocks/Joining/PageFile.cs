using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>Pages of a log on disk, <see cref="PagesPerFile"/> to a file, so that the oldest can be deleted as the log moves on.</summary>
/// <remarks>
/// Pages may be written in any order and any subset, each once; its checksum (XXH3) is checked by every read.
/// Threading: the owner's, and beside it one that finishes a snapshot: it writes other pages than the owner, and reads pages that are held. The lock is never
/// held over a read or write. Errors: a failed write is repeated as the policy says, on the caller's thread; one that is given up throws
/// <see cref="StateStorageException"/>. A short read, a wrong checksum or an I/O error in reading throws, naming file and position.
/// </remarks>
/// <param name="path">Path that file numbers are appended to.</param>
/// <param name="policy">What becomes of failed writes.</param>
/// <param name="io">The calls on files; null for the real ones.</param>
internal sealed partial class PageFile(string path, IStoragePolicy policy, SegmentIo? io = null) : IDisposable
{
    private const int PagesPerFile = 64;
    private readonly SegmentIo _io = io ?? SegmentIo.Real;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, Segment> _segments = [];
    private readonly Dictionary<long, PageOnDisk> _pages = [];
    private readonly HashSet<long> _unsynced = [];
    private readonly List<long> _freedWhileHeld = [];
    private bool _held;
    private long _bytes;
    private long _keepFrom = long.MaxValue;

    // No file has a lower number.
    private long _least = long.MaxValue;

    /// <summary>Bytes on disk.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether a page was written.</summary>
    public bool Holds(long page)
    {
        lock (_lock) return _pages.ContainsKey(page);
    }

    /// <summary>Writes a page behind what its file holds.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="stopping">Ends the wait for a disk that is full.</param>
    public void Write(long page, ReadOnlySpan<byte> bytes, CancellationToken stopping = default)
    {
        long number = page / PagesPerFile;
        Place? place = null;
        int written = 0;
        for (int attempt = 1; WriteOnce(number, bytes, ref place, ref written) is { } cause; attempt++)
        {
            var failure = new DeviceFault("write", NameOf(number), place?.Offset ?? 0, bytes.Length, written, cause);
            if (policy.Repeat(failure, attempt, stopping)) continue;
            stopping.ThrowIfCancellationRequested();
            throw new StateStorageException(failure);
        }
        ulong hash = XxHash3.HashToUInt64(bytes);
        lock (_lock)
        {
            Segment segment = place!.Value.Segment;
            _pages[page] = new PageOnDisk(place.Value.Offset, hash, bytes.Length);
            _unsynced.Add(number);
            segment.Bytes += bytes.Length;
            _bytes += bytes.Length;
        }
    }

    /// <summary>Bytes of a written page.</summary>
    public int LengthOf(long page)
    {
        lock (_lock) return _pages[page].Length;
    }

    /// <summary>Reads a page whole.</summary>
    public void Read(long page, Span<byte> target)
    {
        SafeFileHandle handle;
        PageOnDisk found;
        lock (_lock)
        {
            found = _pages[page];
            handle = _segments[page / PagesPerFile].Handle;
        }
        if (found.Length != target.Length) throw new InvalidDataException($"{NameOf(page / PagesPerFile)}: page {page} has {found.Length} bytes, {target.Length} were asked for.");
        ReadChecked(_io, handle, path, page, found, target);
    }

    /// <summary>Files with pages from this one on stay, whatever is deleted; those before it may go at the next <see cref="DeleteBefore"/>.</summary>
    public void KeepFrom(long page) => _keepFrom = page;

    /// <summary>First page that is kept; <see cref="long.MaxValue"/> when none has to be.</summary>
    public long KeptFrom => _keepFrom;

    /// <summary>Pages let go of by <see cref="Free"/> stay readable until <see cref="Unhold"/>.</summary>
    public void Hold()
    {
        lock (_lock) _held = true;
    }

    /// <summary>Lets go of what was freed meanwhile.</summary>
    public void Unhold()
    {
        lock (_lock)
        {
            _held = false;
            foreach (long page in _freedWhileHeld) FreeNow(page);
            _freedWhileHeld.Clear();
        }
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
        lock (_lock)
        {
            if (_segments.Count == 0 || page / PagesPerFile <= _least) return;
            while (_segments.Count > 0)
            {
                (long number, Segment segment) = _segments.First();
                _least = number;
                if (number + 1 > page / PagesPerFile) return;
                for (long dead = number * PagesPerFile; dead < (number + 1) * PagesPerFile; dead++) _pages.Remove(dead);
                Delete(number, segment);
            }
        }
    }

    /// <summary>Lets go of one page; its file goes with the last of its pages.</summary>
    public void Free(long page)
    {
        lock (_lock)
        {
            if (_held) _freedWhileHeld.Add(page);
            else FreeNow(page);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Segment segment in _segments.Values) segment.Handle.Dispose();
    }

    private void FreeNow(long page)
    {
        if (!_pages.Remove(page)) return;
        long number = page / PagesPerFile;
        Segment segment = _segments[number];
        if (--segment.Live == 0) Delete(number, segment);
    }

    /// <summary>Goes on with a write at its place, which it takes behind the file's last page; null when all of it is written, else why not.</summary>
    private Exception? WriteOnce(long number, ReadOnlySpan<byte> bytes, ref Place? place, ref int written)
    {
        try
        {
            place ??= Reserve(number, bytes.Length);
            (Segment segment, long offset) = place.Value;
            while (written < bytes.Length)
            {
                int more = _io.Write(segment.Handle, bytes[written..], offset + written);
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

    private Place Reserve(long number, int bytes)
    {
        lock (_lock)
        {
            if (!_segments.TryGetValue(number, out Segment? segment))
            {
                _segments.Add(number, segment = new Segment(File.OpenHandle(NameOf(number), FileMode.Create, FileAccess.ReadWrite)));
                _least = Math.Min(_least, number);
            }
            var place = new Place(segment, segment.End);
            segment.End += bytes;
            // From here on: a snapshot that ends meanwhile may let go of the file's other pages, and the file would go with them.
            segment.Live++;
            return place;
        }
    }

    private void Delete(long number, Segment segment)
    {
        _bytes -= segment.Bytes;
        segment.Handle.Dispose();
        File.Delete(NameOf(number));
        _segments.Remove(number);
        _unsynced.Remove(number);
    }

    private static void ReadChecked(SegmentIo io, SafeFileHandle file, string path, long page, PageOnDisk found, Span<byte> target)
    {
        (long offset, ulong hash, int length) = found;
        int done = 0;
        while (done < length)
        {
            int read = io.Read(file, target[done..], offset + done);
            if (read == 0) throw new InvalidDataException($"{NameOf(path, page / PagesPerFile)}: ends at {offset + done}, page {page} was written to {offset + length}.");
            done += read;
        }
        ulong actual = XxHash3.HashToUInt64(target);
        if (actual != hash) throw new InvalidDataException($"{NameOf(path, page / PagesPerFile)}: page {page} at {offset}, {length} bytes: expected the checksum {hash:x16}, found {actual:x16}.");
    }

    private string NameOf(long number) => NameOf(path, number);

    private static string NameOf(string path, long number) => $"{path}.{number:D8}";

    private readonly record struct Place(Segment Segment, long Offset);

    private readonly record struct PageOnDisk(long Offset, ulong Hash, int Length);

    private sealed class Segment(SafeFileHandle handle)
    {
        public readonly SafeFileHandle Handle = handle;

        // Where the next page goes.
        public long End;
        public long Bytes;
        public int Live;
    }
}
