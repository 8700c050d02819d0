using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>One file that a sink appends to, with what is not yet written of it in memory.</summary>
/// <remarks>
/// Memory: <see cref="ChunkBytes"/> and one record more. Threading: one caller at a time. Disposal closes; what is not written is gone.
/// Errors: see <see cref="StorageRetry"/>; a failed fsync throws at once, see <see cref="SyncAsync"/>.
/// </remarks>
internal sealed class SinkFile : IDisposable
{
    /// <summary>Least bytes of a write while records keep coming: large enough that calls and journal updates cost nothing beside the copy.</summary>
    public const int ChunkBytes = 256 << 10;

    private readonly IFileStore _store;
    private readonly StorageRetry _retry;
    private readonly SafeFileHandle _handle;
    private byte[] _buffer = [];
    private int _used;
    private bool _unsynced;

    /// <summary>Opens a file, made when missing, to append behind what it holds.</summary>
    public SinkFile(string path, IFileStore store, StorageRetry retry)
    {
        (Path, _store, _retry) = (path, store, retry);
        _handle = store.Open(path);
        Written = RandomAccess.GetLength(_handle);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file.</summary>
    public long Written { get; private set; }

    /// <summary>Enough is buffered for a write.</summary>
    public bool Full => _used >= ChunkBytes;

    /// <summary>Cuts the file; nothing may be buffered.</summary>
    public void Truncate(long length)
    {
        if (length == Written) return;
        RandomAccess.SetLength(_handle, length);
        Written = length;
        _unsynced = true;
    }

    /// <summary>Bytes up to and with the last newline.</summary>
    public long LengthOfLines()
    {
        var block = new byte[4096];
        for (long end = Written; end > 0;)
        {
            int length = (int)Math.Min(block.Length, end);
            int read = RandomAccess.Read(_handle, block.AsSpan(0, length), end - length);
            if (read < length) throw new EndOfStreamException($"{Path}: expected {length} bytes at {end - length}, found {read}");
            int newline = block.AsSpan(0, length).LastIndexOf((byte)'\n');
            if (newline >= 0) return end - length + newline + 1;
            end -= length;
        }
        return 0;
    }

    /// <summary>Buffers a batch's values, each with the newline behind it, from one record on until the buffer is full; returns the first that was not taken.</summary>
    public int Append(OutputBatch batch, int from)
    {
        int next = from;
        while (next < batch.Count && !Full)
        {
            OutputRecord record = batch.Records[next++];
            Append(batch.Bytes.AsSpan(record.ValueStart, record.ValueLength + 1));
        }
        return next;
    }

    /// <summary>Buffers bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - _used < bytes.Length) Grow(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    /// <summary>Writes what is buffered.</summary>
    public async ValueTask WriteAsync(CancellationToken stop)
    {
        if (_used == 0) return;
        _unsynced = true;
        await _retry.RunAsync($"Writing {_used} bytes at {Written} of {Path}", () => _store.Write(_handle, _buffer.AsSpan(0, _used), Written), stop).ConfigureAwait(false);
        Written += _used;
        _used = 0;
    }

    /// <summary>Writes what is buffered and makes all of the file durable; tells whether there was anything to do.</summary>
    /// <remarks>
    /// A failed fsync is not repeated: the kernel drops the pages it could not write and reports success the next time. The pipeline stops instead, and
    /// its restart replays from the last commit.
    /// </remarks>
    public async ValueTask<bool> SyncAsync(CancellationToken stop)
    {
        await WriteAsync(stop).ConfigureAwait(false);
        if (!_unsynced) return false;
        try
        {
            _store.Sync(_handle);
        }
        catch (IOException error)
        {
            throw new SinkUnavailableException($"fsync of {Path} ({Written} bytes) failed; what was written since the last commit may be lost: {error.Message}", error);
        }
        _unsynced = false;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private void Grow(int bytes)
    {
        int least = Math.Max(ChunkBytes + (32 << 10), _used + bytes);
        Array.Resize(ref _buffer, Math.Max(least, _buffer.Length * 2));
    }
}
