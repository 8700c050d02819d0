using System.Collections.Concurrent;
using System.Diagnostics;
using FASTER.core;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// The files under a FASTER log. FASTER 2.6.5 takes failed and short accesses for done or waits on them for ever; this device checks every length and
/// error, and remembers the first one as <see cref="Fault"/>, by which its owner knows that nothing it holds may be trusted.
/// </summary>
/// <remarks>
/// Threading: any. Callbacks run on the device's own thread, or, for reads while <see cref="CompleteReadsOnPoll"/>, in <see cref="TryComplete"/>;
/// never inside ReadAsync or WriteAsync.
/// Errors: a failed write is repeated as the policy says. One that is given up, and every failed read, sets the fault first and is then reported as done
/// (a read's buffer zeroed, which FASTER takes for the end of a chain), so that no thread of FASTER waits for ever: the owner checks the fault after each
/// operation and throws.
/// </remarks>
internal sealed class StateDevice : StorageDeviceBase
{
    private const uint Sector = 512;

    private readonly SegmentFiles _files;
    private readonly SegmentIo _io;
    private readonly IStoragePolicy _policy;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly Queue<Request> _polled = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Thread _thread;
    private DeviceFault? _fault;

    /// <summary>Opens the files <c>PREFIX.N</c>.</summary>
    /// <param name="prefix">Path without the segment number, in a directory of its own.</param>
    /// <param name="policy">What becomes of failed writes.</param>
    /// <param name="keepFiles">Whether files found there are state to recover; else they are deleted.</param>
    /// <param name="maxOpenFiles">Handles kept open.</param>
    /// <param name="io">The calls on files; null for the real ones.</param>
    public StateDevice(string prefix, IStoragePolicy policy, bool keepFiles = false, int maxOpenFiles = 16, SegmentIo? io = null)
        : base(prefix, Sector, Devices.CAPACITY_UNSPECIFIED)
    {
        _files = new SegmentFiles(prefix, maxOpenFiles);
        _files.Begin(keepFiles);
        _io = io ?? SegmentIo.Real;
        _policy = policy;
        _thread = new Thread(Serve) { IsBackground = true, Name = "state-io " + Path.GetFileName(prefix) };
        _thread.Start();
    }

    /// <summary>The first error that was not mended; null while all is well. Never reset.</summary>
    public DeviceFault? Fault => Volatile.Read(ref _fault);

    /// <summary>What the device did.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <summary>Bytes on disk.</summary>
    public long DiskBytes => _files.Bytes;

    /// <summary>Handles open now.</summary>
    public int OpenFiles => _files.OpenHandles;

    /// <summary>
    /// Whether reads wait for <see cref="TryComplete"/> on the caller's thread rather than go to the device's: no hand-over between threads, for the
    /// one thread that issues them and polls. Set and cleared by that thread.
    /// </summary>
    public bool CompleteReadsOnPoll { get; set; }

    /// <inheritdoc/>
    public override void ReadAsync(int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
    {
        var request = new Request(Kind.Read, segmentId, (long)sourceAddress, destinationAddress, (int)readLength, callback, context);
        if (CompleteReadsOnPoll) _polled.Enqueue(request);
        else _requests.Add(request);
    }

    /// <inheritdoc/>
    public override void WriteAsync(IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        _requests.Add(new Request(Kind.Write, segmentId, (long)destinationAddress, sourceAddress, (int)numBytesToWrite, callback, context));

    /// <inheritdoc/>
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) =>
        _requests.Add(new Request(Kind.Remove, segment, 0, 0, 0, null, (callback, result)));

    /// <inheritdoc/>
    public override bool TryComplete()
    {
        while (_polled.TryDequeue(out Request request)) Perform(in request);
        return true;
    }

    /// <summary>Makes everything written so far durable. Errors: throws, and the device is at fault.</summary>
    public void Sync()
    {
        foreach (int segment in _files.TakeUnsynced())
        {
            try
            {
                SafeFileHandle file = _files.Rent(segment, create: false);
                try
                {
                    _io.Sync(file);
                }
                finally
                {
                    _files.Return(segment);
                }
            }
            catch (Exception cause) when (IsStorageError(cause))
            {
                Trip(new DeviceFault("sync", _files.PathOf(segment), 0, 0, 0, cause));
            }
        }
        ThrowIfFaulted();
    }

    /// <summary>Throws the first fault, if there is one.</summary>
    public void ThrowIfFaulted()
    {
        if (Fault is { } fault) throw new StateStorageException(fault);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_requests.IsAddingCompleted) return;
        _stopping.Cancel();
        _requests.CompleteAdding();
        _thread.Join();
        _files.Dispose();
        _requests.Dispose();
        _stopping.Dispose();
    }

    private void Serve()
    {
        foreach (Request request in _requests.GetConsumingEnumerable()) Perform(in request);
    }

    private void Perform(in Request request)
    {
        try
        {
            switch (request.Kind)
            {
                case Kind.Read:
                    Read(in request);
                    request.Callback!(0, (uint)request.Length, request.Context);
                    break;
                case Kind.Write:
                    Write(in request);
                    request.Callback!(0, (uint)request.Length, request.Context);
                    break;
                default:
                    Remove(request.Segment);
                    (AsyncCallback callback, IAsyncResult result) = ((AsyncCallback, IAsyncResult))request.Context!;
                    callback(result);
                    break;
            }
        }
        catch (Exception cause)
        {
            // FASTER's own callback threw on this thread; whatever it left undone, the store is no longer sound.
            Trip(new DeviceFault("completion", _files.PathOf(request.Segment), request.Offset, request.Length, 0, cause));
        }
    }

    private unsafe void Read(in Request request)
    {
        var buffer = new Span<byte>((void*)request.Buffer, request.Length);
        int read = 0;
        Exception? cause = null;
        try
        {
            SafeFileHandle file = _files.Rent(request.Segment, create: false);
            try
            {
                while (read < buffer.Length)
                {
                    int more = _io.Read(file, buffer[read..], request.Offset + read);
                    if (more <= 0) break;
                    read += more;
                }
            }
            finally
            {
                _files.Return(request.Segment);
            }
        }
        catch (Exception error) when (IsStorageError(error))
        {
            cause = error;
        }
        if (cause is null && read == buffer.Length)
        {
            Counters.Read(read);
            return;
        }
        Trip(new DeviceFault("read", _files.PathOf(request.Segment), request.Offset, request.Length, read, cause));
        buffer.Clear();
    }

    private unsafe void Write(in Request request)
    {
        var buffer = new ReadOnlySpan<byte>((void*)request.Buffer, request.Length);
        int written = 0;
        for (int attempt = 1; ; attempt++)
        {
            Exception? cause = TryWrite(in request, buffer, ref written);
            if (written == buffer.Length)
            {
                _files.Wrote(request.Segment, request.Offset + request.Length);
                Counters.Wrote(written);
                return;
            }
            var failure = new DeviceFault("write", _files.PathOf(request.Segment), request.Offset, request.Length, written, cause);
            if (!_policy.Repeat(failure, attempt, _stopping.Token))
            {
                Trip(failure);
                return;
            }
            Counters.Failed();
            Counters.Repeated();
        }
    }

    private Exception? TryWrite(in Request request, ReadOnlySpan<byte> buffer, ref int written)
    {
        try
        {
            SafeFileHandle file = _files.Rent(request.Segment, create: true);
            try
            {
                while (written < buffer.Length)
                {
                    int more = _io.Write(file, buffer[written..], request.Offset + written);
                    if (more <= 0) return new IOException("the system wrote nothing and reported no error");
                    written += more;
                }
                return null;
            }
            finally
            {
                _files.Return(request.Segment);
            }
        }
        catch (Exception error) when (IsStorageError(error))
        {
            return error;
        }
    }

    private void Remove(int segment)
    {
        try
        {
            _files.Remove(segment);
        }
        catch (Exception cause) when (IsStorageError(cause))
        {
            Trip(new DeviceFault("remove", _files.PathOf(segment), 0, 0, 0, cause));
        }
    }

    private void Trip(DeviceFault fault)
    {
        Counters.Failed();
        Interlocked.CompareExchange(ref _fault, fault, null);
    }

    private static bool IsStorageError(Exception error) => error is IOException or UnauthorizedAccessException or ObjectDisposedException;

    private enum Kind : byte
    {
        Read,
        Write,
        Remove,
    }

    [DebuggerDisplay("{Kind} {Segment}@{Offset}+{Length}")]
    private readonly record struct Request(Kind Kind, int Segment, long Offset, IntPtr Buffer, int Length, DeviceIOCompletionCallback? Callback, object? Context);
}
