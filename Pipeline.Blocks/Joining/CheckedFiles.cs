using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>Reads and writes segment files to the last byte, or remembers why not.</summary>
/// <remarks>
/// Threading: any. Errors: a failed write is repeated as the policy says; one that is given up, and every failed read, sets <see cref="Fault"/> and
/// returns; nothing here throws but <see cref="Sync"/> and <see cref="ThrowIfFaulted"/>.
/// </remarks>
/// <param name="files">The files.</param>
/// <param name="io">The calls on them.</param>
/// <param name="policy">What becomes of failed writes.</param>
/// <param name="stopping">Signalled when the owner closes.</param>
internal sealed class CheckedFiles(SegmentFiles files, SegmentIo io, IStoragePolicy policy, CancellationToken stopping)
{
    private DeviceFault? _fault;
    private long _writeTicks;

    /// <summary>The first error that was not mended; null while all is well. Never reset.</summary>
    public DeviceFault? Fault => Volatile.Read(ref _fault);

    /// <summary>What was done.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <summary>Changes as a write begins and before its end is told: while it stays the same, what was read of finished writes is still so.</summary>
    public long WriteTicks => Volatile.Read(ref _writeTicks);

    /// <summary>Fills the buffer, with zeros where the file does not give it all.</summary>
    public void Read(int segment, long offset, Span<byte> buffer)
    {
        int read = 0;
        Exception? cause = null;
        try
        {
            read = ReadUpTo(segment, offset, buffer);
        }
        catch (Exception error) when (IsStorageError(error))
        {
            cause = error;
        }
        if (read == buffer.Length)
        {
            Counters.Read(read);
            return;
        }
        Trip(new DeviceFault("read", files.PathOf(segment), offset, buffer.Length, read, cause));
        buffer.Clear();
    }

    /// <summary>Reads what there is; no error is a fault yet, for the caller can do without. 0 on an error.</summary>
    public int TryRead(int segment, long offset, Span<byte> buffer)
    {
        try
        {
            return ReadUpTo(segment, offset, buffer);
        }
        catch (Exception error) when (IsStorageError(error))
        {
            return 0;
        }
    }

    /// <summary>Writes the buffer, and again, until it is all written or given up.</summary>
    public void Write(int segment, long offset, ReadOnlySpan<byte> buffer)
    {
        Interlocked.Increment(ref _writeTicks);
        WriteAll(segment, offset, buffer);
        Interlocked.Increment(ref _writeTicks);
    }

    private void WriteAll(int segment, long offset, ReadOnlySpan<byte> buffer)
    {
        int written = 0;
        for (int attempt = 1; ; attempt++)
        {
            Exception? cause = WriteOnce(segment, offset, buffer, ref written);
            if (written == buffer.Length)
            {
                files.Wrote(segment, offset + written);
                Counters.Wrote(written);
                return;
            }
            var failure = new DeviceFault("write", files.PathOf(segment), offset, buffer.Length, written, cause);
            if (!policy.Repeat(failure, attempt, stopping))
            {
                Trip(failure);
                return;
            }
            Counters.Failed();
            Counters.Repeated();
        }
    }

    /// <summary>Deletes a segment.</summary>
    public void Remove(int segment)
    {
        try
        {
            files.Remove(segment);
        }
        catch (Exception cause) when (IsStorageError(cause))
        {
            Trip(new DeviceFault("remove", files.PathOf(segment), 0, 0, 0, cause));
        }
    }

    /// <summary>Makes everything written so far durable. Errors: throws, and <see cref="Fault"/> is set.</summary>
    public void Sync()
    {
        foreach (int segment in files.TakeUnsynced())
        {
            try
            {
                SafeFileHandle file = files.Rent(segment, create: false);
                try
                {
                    io.Sync(file);
                }
                finally
                {
                    files.Return(segment);
                }
            }
            catch (Exception cause) when (IsStorageError(cause))
            {
                // FASTER may have removed it meanwhile, on a thread of its own.
                if (files.Holds(segment)) Trip(new DeviceFault("sync", files.PathOf(segment), 0, 0, 0, cause));
            }
        }
        ThrowIfFaulted();
    }

    /// <summary>Throws the first fault, if there is one.</summary>
    public void ThrowIfFaulted()
    {
        if (Fault is { } fault) throw new StateStorageException(fault);
    }

    /// <summary>Notes a fault in what uses the files.</summary>
    public void Trip(string operation, int segment, long offset, Exception cause) =>
        Trip(new DeviceFault(operation, files.PathOf(segment), offset, 0, 0, cause));

    private void Trip(DeviceFault fault)
    {
        Counters.Failed();
        Interlocked.CompareExchange(ref _fault, fault, null);
    }

    private int ReadUpTo(int segment, long offset, Span<byte> buffer)
    {
        SafeFileHandle file = files.Rent(segment, create: false);
        try
        {
            int read = 0;
            while (read < buffer.Length)
            {
                int more = io.Read(file, buffer[read..], offset + read);
                if (more <= 0) break;
                read += more;
            }
            return read;
        }
        finally
        {
            files.Return(segment);
        }
    }

    private Exception? WriteOnce(int segment, long offset, ReadOnlySpan<byte> buffer, ref int written)
    {
        try
        {
            SafeFileHandle file = files.Rent(segment, create: true);
            try
            {
                while (written < buffer.Length)
                {
                    int more = io.Write(file, buffer[written..], offset + written);
                    if (more <= 0) return new IOException("the system wrote nothing and reported no error");
                    written += more;
                }
                return null;
            }
            finally
            {
                files.Return(segment);
            }
        }
        catch (Exception error) when (IsStorageError(error))
        {
            return error;
        }
    }

    private static bool IsStorageError(Exception error) => error is IOException or UnauthorizedAccessException or ObjectDisposedException;
}
