using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>One file that a sink appends to, with what is not yet written of it in memory.</summary>
/// <remarks>
/// Memory: <see cref="ChunkBytes"/> and one record more. Threading: one caller at a time. Disposal closes; what is not written is gone.
/// Errors: see <see cref="StorageRetry"/>; a failed fsync throws at once, see <see cref="Sync"/>.
/// </remarks>
internal sealed class SinkFile : IDisposable
{
    /// <summary>Least bytes of a write while records keep coming: large enough that calls and journal updates cost nothing beside the copy.</summary>
    public const int ChunkBytes = 256 << 10;

    /// <summary>Bytes of the file's committed end that stay in the system's memory, for whoever follows it; those before are given back once they are committed.</summary>
    /// <remarks>
    /// Without giving back a run pays for new memory for every byte it writes: file → file on one core took 27.2 s instead of 19.2 (medians of three, 8 M exposures,
    /// perf/results/2026-11-29.md: "What is written needs memory"). Four lanes keep up to 288 MiB and what is not committed yet.
    /// </remarks>
    internal const long FollowedBytes = 64 << 20;

    /// <summary>Bytes after which the disk begins to write what a file got, so that a commit does not find all of it still to be written.</summary>
    /// <remarks>As samples come fastest when a log's last windows are closed, and the flow ends with the commit of them: 0.6 to 1.4 s of it, perf/results/2026-11-29.md: "Who waits for the disk".</remarks>
    internal const long WriteBackBytes = 8 << 20;

    // A call for less costs more than the copy it saves.
    private const int LeastDirectBytes = ChunkBytes / 4;

    // Seldom enough for a call to cost nothing beside the pages it gives back.
    private const long ReleaseBytes = 8 << 20;

    private readonly IFileStore _store;
    private readonly StorageRetry _retry;
    private readonly SafeFileHandle _handle;
    private readonly Func<string> _what;
    private readonly Func<Task> _write;
    private byte[] _buffer = [];
    private int _used;
    private bool _unsynced;

    // What is being written; the delegates that write it and name it are made once.
    private ReadOnlyMemory<byte> _writing;

    // What this process has written before it is given back.
    private long _released;

    // Up to where writing back was asked for, by the writer, and has begun, by the thread that begins it; one asks only when the other has done.
    private long _writeBackAsked;
    private long _writeBackBegun;
    private IOException? _writeBackFailure;

    /// <summary>Opens a file, made when missing, to append behind what it holds.</summary>
    public SinkFile(string path, IFileStore store, StorageRetry retry)
    {
        (Path, _store, _retry) = (path, store, retry);
        _handle = store.Open(path);
        _what = () => $"Writing {_writing.Length} bytes at {Written} of {Path}";
        _write = () =>
        {
            _store.Write(_handle, _writing.Span, Written);
            return Task.CompletedTask;
        };
        _released = _writeBackAsked = _writeBackBegun = Written = RandomAccess.GetLength(_handle);
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
        _released = Math.Min(_released, length);
        _writeBackAsked = _writeBackBegun = length;
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

    /// <summary>Appends a batch's values, each with the newline behind it: what lies together and is much is written from where it is, the rest goes into the buffer, which is written when it is full.</summary>
    public async ValueTask AppendAsync(OutputBatch batch, CancellationToken stop)
    {
        if (batch.TryGetLines(out ReadOnlyMemory<byte> lines) && lines.Length >= LeastDirectBytes)
        {
            await WriteAsync(stop).ConfigureAwait(false);
            await WriteAsync(lines, stop).ConfigureAwait(false);
            return;
        }
        for (int i = 0; i < batch.Count; i++)
        {
            OutputRecord record = batch.Records[i];
            Append(batch.Bytes.AsSpan(record.ValueStart, record.ValueLength + 1));
            if (Full) await WriteAsync(stop).ConfigureAwait(false);
        }
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
        await WriteAsync(_buffer.AsMemory(0, _used), stop).ConfigureAwait(false);
        _used = 0;
    }

    /// <summary>Writes what is buffered and makes all of the file durable; tells whether there was anything to do.</summary>
    public async ValueTask<bool> SyncAsync(CancellationToken stop)
    {
        await WriteAsync(stop).ConfigureAwait(false);
        if (!_unsynced) return false;
        Sync();
        _unsynced = false;
        return true;
    }

    /// <summary>Whether something was written since this was last asked.</summary>
    public bool TakeUnsynced()
    {
        bool unsynced = _unsynced;
        _unsynced = false;
        return unsynced;
    }

    /// <summary>Makes what is written by now durable. May be called beside writes on another thread, which are covered or not.</summary>
    /// <remarks>
    /// A failed fsync is not repeated: the kernel drops the pages it could not write and reports success the next time. The pipeline stops instead, and
    /// its restart replays from the last commit.
    /// </remarks>
    public void Sync()
    {
        try
        {
            // The kernel may have dropped what it could not place, and then fsync finds nothing wrong.
            if (_writeBackFailure is not null) throw _writeBackFailure;
            _store.Sync(_handle);
        }
        catch (IOException error)
        {
            throw new SinkUnavailableException($"fsync of {Path} ({Written} bytes) failed; what was written since the last commit may be lost: {error.Message}", error);
        }
    }

    /// <summary>Whether <see cref="WriteBack"/> is to be called now: enough was written since it last was to be, and that call is over.</summary>
    public bool TakeWriteBackDue()
    {
        if (Written - _writeBackAsked < WriteBackBytes || Volatile.Read(ref _writeBackBegun) != _writeBackAsked) return false;
        _writeBackAsked = Written;
        return true;
    }

    /// <summary>Has the disk begin to write what is written by now; may wait for it, beside writes on another thread. On the thread that syncs: what fails is thrown by the next <see cref="Sync"/>.</summary>
    public void WriteBack()
    {
        try
        {
            _store.BeginWriteBack(_handle, _writeBackBegun, _writeBackAsked - _writeBackBegun);
        }
        catch (IOException failure)
        {
            _writeBackFailure = failure;
        }
        finally
        {
            Volatile.Write(ref _writeBackBegun, _writeBackAsked);
        }
    }

    /// <summary>Gives the memory of what is committed back, but for the last <see cref="FollowedBytes"/>. May be called beside writes on another thread, once what is committed is synced.</summary>
    public void Release(long committed)
    {
        long end = committed - FollowedBytes;
        if (end - _released < ReleaseBytes) return;
        _store.Release(_handle, _released, end - _released);
        _released = end;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        _unsynced = true;
        _writing = bytes;
        await _retry.RunAsync(_what, _write, stop).ConfigureAwait(false);
        Written += bytes.Length;
        _writing = default;
    }

    private void Grow(int bytes)
    {
        int least = Math.Max(ChunkBytes + (32 << 10), _used + bytes);
        Array.Resize(ref _buffer, Math.Max(least, _buffer.Length * 2));
    }
}
