using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>Writes one snapshot file: a head, what the parts of a lane say of themselves, and a checksum over all of it.</summary>
/// <remarks>
/// What is written before <see cref="Open"/> waits in memory, so that a lane can say what it has to without waiting for a disk.
/// Values are written as their own bytes, for a restart on the same machine type. Threading: one thread at a time. Memory: one pooled buffer, until <see cref="Dispose"/>.
/// Errors: a failed write is repeated as the policy says; one that is given up, and a failed sync, throws <see cref="StateStorageException"/>. A file without
/// its <see cref="Finish"/> is refused by <see cref="SnapshotReader"/>.
/// </remarks>
public sealed class SnapshotWriter : IDisposable
{
    /// <summary>First bytes of every snapshot: "LANE" in ASCII, little-endian.</summary>
    internal const uint Magic = 0x454E_414C;

    /// <summary>Format of what follows.</summary>
    internal const uint FormatVersion = 1;

    private const int MostPooled = 1 << 20;

    private readonly string _path;
    private readonly IStoragePolicy _policy;
    private readonly SegmentIo _io;
    private readonly XxHash128 _hash = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private int _used;
    private bool _open;
    private SafeFileHandle? _file;
    private CancellationToken _stopping;

    /// <summary>A file to be, in place of one that is there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="policy">What becomes of failed writes.</param>
    /// <param name="io">The calls on the file.</param>
    internal SnapshotWriter(string path, IStoragePolicy policy, SegmentIo io)
    {
        _path = path;
        _policy = policy;
        _io = io;
        Write(Magic);
        Write(FormatVersion);
    }

    /// <summary>Bytes of the file so far.</summary>
    public long Length { get; private set; }

    /// <summary>From now on the buffer goes to the file when it is full, and the writer waits for it.</summary>
    /// <param name="stopping">Ends the wait for a disk that is full.</param>
    public void Open(CancellationToken stopping)
    {
        _stopping = stopping;
        _open = true;
    }

    /// <summary>Appends a value.</summary>
    public void Write<T>(in T value) where T : unmanaged => WriteBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Appends values with their number.</summary>
    public void WriteMany<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        Write(values.Length);
        WriteBytes(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Appends bytes whose number the reader knows.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!_open && bytes.Length > _buffer.Length - _used) GrowSlow(_used + bytes.Length);
        while (bytes.Length > _buffer.Length - _used)
        {
            int part = _buffer.Length - _used;
            bytes[..part].CopyTo(_buffer.AsSpan(_used));
            _used += part;
            bytes = bytes[part..];
            Drain();
        }
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    /// <summary>Appends the checksum and makes the file durable; its directory entry is the caller's to sync.</summary>
    public void Finish()
    {
        Drain();
        Store(_hash.GetCurrentHash());
        try
        {
            _io.Sync(_file!);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new StateStorageException(new DeviceFault("sync", _path, 0, 0, 0, cause));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        GiveBack();
        _buffer = [];
    }

    /// <summary>What a large state's head has made it grow to is not kept in the pool, where no budget counts it.</summary>
    private void GiveBack()
    {
        if (_buffer.Length is > 0 and <= MostPooled) ArrayPool<byte>.Shared.Return(_buffer);
    }

    private void GrowSlow(int least)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, least));
        _buffer.AsSpan(0, _used).CopyTo(larger);
        GiveBack();
        _buffer = larger;
    }

    private void Drain()
    {
        _hash.Append(_buffer.AsSpan(0, _used));
        Store(_buffer.AsSpan(0, _used));
        _used = 0;
    }

    private void Store(ReadOnlySpan<byte> bytes)
    {
        int written = 0;
        for (int attempt = 1; StoreOnce(bytes, ref written) is { } cause; attempt++)
        {
            var failure = new DeviceFault("write", _path, Length, bytes.Length, written, cause);
            if (_policy.Repeat(failure, attempt, _stopping)) continue;
            _stopping.ThrowIfCancellationRequested();
            throw new StateStorageException(failure);
        }
        Length += bytes.Length;
    }

    /// <summary>Goes on with a write at the file's end; null when all of it is written, else why not.</summary>
    private Exception? StoreOnce(ReadOnlySpan<byte> bytes, ref int written)
    {
        try
        {
            _file ??= File.OpenHandle(_path, FileMode.Create, FileAccess.ReadWrite);
            while (written < bytes.Length)
            {
                int more = _io.Write(_file, bytes[written..], Length + written);
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
}
