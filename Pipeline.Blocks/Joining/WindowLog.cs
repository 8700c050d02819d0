using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// A lane's append-only log of what opened its windows: keys, payloads and positions, in the contract's order of application, which is the order the
/// windows end in. Firing windows is therefore one sequential read, whether the log is in memory or on disk.
/// </summary>
/// <remarks>
/// An address is <c>page &lt;&lt; 32 | offset</c>; an entry never spans pages, a page is as large as its largest entry needs.
/// Memory: at most <c>memoryBytes</c> of pages, and never fewer than the tail and two pages being read. Past it the page sealed last is written out and let
/// go: of all pages it is the one needed last.
/// Threading: one thread. Errors: a failed write is repeated as the policy says; any other I/O error throws and stops the lane.
/// </remarks>
public sealed partial class WindowLog : IDisposable
{
    /// <summary>Bytes of a page, unless one entry needs more or the log is told otherwise. Not measured: what is written and read by one call, and of which a lane has three at least.</summary>
    public const int PageBytes = 1 << 20;

    // A page is read while another is written.
    private const int MostIdleBeyondBudget = 2;

    private readonly int _pageBytes;
    private readonly PageFile _file;
    private readonly int _memoryPages;
    private readonly PagePool _pool;
    private readonly List<LogPage> _byNumber = [];
    private LogPage _tail;
    private long _firstPage;
    private int _inMemory = 1;
    private LogPage? _reading;
    private LogPage? _looking;

    /// <summary>An empty log over files <c>path.N</c>, which are made on demand.</summary>
    /// <param name="path">Path that file numbers are appended to.</param>
    /// <param name="memoryBytes">Memory before pages go to disk.</param>
    /// <param name="pageBytes">Bytes of a page.</param>
    /// <param name="policy">What becomes of failed writes; null: the first error is final.</param>
    public WindowLog(string path, long memoryBytes, int pageBytes = PageBytes, IStoragePolicy? policy = null)
    {
        _pageBytes = pageBytes;
        _pool = new PagePool(pageBytes);
        _file = new PageFile(path, policy ?? NoRepeat.Instance);
        _memoryPages = (int)Math.Max(1, memoryBytes / pageBytes);
        _tail = new LogPage(0) { Bytes = new byte[pageBytes] };
        _byNumber.Add(_tail);
    }

    /// <summary>Where the next entry of ordinary size goes.</summary>
    public long TailAddress(int keyLength, int payloadLength)
    {
        int bytes = (LogEntry.HeadBytes + keyLength + payloadLength + 7) & ~7;
        if (_tail.Used + bytes > _tail.Bytes!.Length) Seal(bytes);
        return _tail.Number << 32 | (uint)_tail.Used;
    }

    /// <summary>Appends an entry at the address that <see cref="TailAddress"/> gave for the same lengths.</summary>
    public void Append(in LogEntry entry, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        Span<byte> target = _tail.Bytes.AsSpan(_tail.Used, entry.TotalBytes);
        MemoryMarshal.Write(target, entry);
        key.CopyTo(target[LogEntry.HeadBytes..]);
        payload.CopyTo(target[(LogEntry.HeadBytes + key.Length)..]);
        _tail.Used += entry.TotalBytes;
    }

    /// <summary>First address behind the last entry.</summary>
    public long End => _tail.Number << 32 | (uint)_tail.Used;

    /// <summary>
    /// Reads the entry at or behind <paramref name="address"/> in log order and moves past it; false at the end. The slices live until the next call.
    /// </summary>
    public bool TryReadNext(ref long address, out LogEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> payload)
    {
        LogPage page = Load(address >> 32, ref _reading);
        while ((int)address >= page.Used)
        {
            if (page == _tail)
            {
                entry = default;
                key = payload = default;
                return false;
            }
            address = page.Number + 1 << 32;
            page = Load(page.Number + 1, ref _reading);
        }
        Slice(page, (int)address, out entry, out key, out payload);
        address += entry.TotalBytes;
        return true;
    }

    /// <summary>Reads one entry anywhere in the log. The slices live until the next call.</summary>
    public void ReadAt(long address, out LogEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> payload) =>
        Slice(Load(address >> 32, ref _looking), (int)address, out entry, out key, out payload);

    /// <summary>Lets go of everything before an address.</summary>
    public void TruncateBefore(long address)
    {
        long page = address >> 32;
        if (page == _firstPage) return;
        while (_firstPage < page)
        {
            LogPage dead = _byNumber[0];
            if (dead.Bytes is not null) Drop(dead);
            _byNumber.RemoveAt(0);
            _firstPage++;
            if (_reading == dead) _reading = null;
            if (_looking == dead) _looking = null;
        }
        _file.DeleteBefore(page);
    }

    /// <summary>First page that holds anything.</summary>
    public long FirstPage => _firstPage;

    /// <summary>Bytes of pages in memory.</summary>
    public long MemoryBytes => (_inMemory + _pool.Idle + _pool.Lent) * (long)_pageBytes;

    /// <summary>Bytes of pages on disk.</summary>
    public long DiskBytes => _file.Bytes;

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void Slice(LogPage page, int offset, out LogEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> bytes = page.Bytes.AsSpan(offset, page.Used - offset);
        entry = MemoryMarshal.Read<LogEntry>(bytes);
        key = bytes.Slice(LogEntry.HeadBytes, entry.KeyLength);
        payload = bytes.Slice(LogEntry.HeadBytes + entry.KeyLength, entry.PayloadLength);
    }

    private void Seal(int bytes)
    {
        LogPage full = _tail;
        _tail = new LogPage(full.Number + 1) { Bytes = Rent(bytes) };
        _byNumber.Add(_tail);
        if (_inMemory + _pool.Lent <= _memoryPages || full == _reading || full == _looking) return;
        _file.Write(full.Number, full.Bytes.AsSpan(0, full.Used));
        Drop(full);
    }

    private LogPage Load(long number, ref LogPage? held)
    {
        if (held is not null && held.Number == number) return held;
        LogPage page = _byNumber[(int)(number - _firstPage)];
        LogPage? before = held;
        held = page;
        if (before is not null && before != _reading && before != _looking && before != _tail && _file.Holds(before.Number)) Drop(before);
        if (page.Bytes is null)
        {
            page.Bytes = Rent(page.Used);
            _file.Read(number, page.Bytes.AsSpan(0, page.Used));
        }
        return page;
    }

    private byte[] Rent(int bytes)
    {
        _inMemory++;
        return _pool.Rent(bytes);
    }

    private void Drop(LogPage page)
    {
        if (page.Bytes is null) return;
        _inMemory--;
        _pool.Return(page.Bytes, page.Number, page.SharedWith);
        _pool.Keep(Math.Max(_memoryPages + MostIdleBeyondBudget - _inMemory - _pool.Lent, MostIdleBeyondBudget));
        page.Bytes = null;
    }

    private sealed class LogPage(long number)
    {
        public readonly long Number = number;
        public byte[]? Bytes;
        public int Used;

        // A snapshot that may still read the bytes.
        public WindowLogSnapshot? SharedWith;
    }
}
