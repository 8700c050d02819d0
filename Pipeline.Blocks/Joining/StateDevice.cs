using System.Collections.Concurrent;
using System.Diagnostics;
using System.Numerics;
using FASTER.core;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// The files under a FASTER log. FASTER 2.6.5 takes failed and short accesses for done or waits on them for ever; this device checks every length and
/// error, and remembers the first one as <see cref="Fault"/>, by which its owner knows that nothing it holds may be trusted.
/// </summary>
/// <remarks>
/// Threading: any. Callbacks run on the device's own thread, or, for reads while <see cref="CompleteReadsOnPoll"/>, in <see cref="TryComplete"/>;
/// never inside ReadAsync or WriteAsync.
/// Errors: whatever sets the fault (<see cref="CheckedFiles"/>) is then reported as done (a read's buffer zeroed, which FASTER takes for the end of a
/// chain), so that no thread of FASTER waits for ever: the owner checks the fault after each operation and throws.
/// </remarks>
internal sealed class StateDevice : StorageDeviceBase
{
    private const uint Sector = 512;
    private const int LongestWaitMs = 100;

    private readonly SegmentFiles _segments;
    private readonly CheckedFiles _files;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly Queue<Request> _polled = new();
    private readonly SegmentReadAhead _ahead = new();
    private readonly AutoResetEvent _wrote = new(false);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Thread _thread;

    /// <summary>Opens the files <c>PREFIX.N</c>.</summary>
    /// <param name="prefix">Path without the segment number, in a directory of its own.</param>
    /// <param name="policy">What becomes of failed writes.</param>
    /// <param name="keepFiles">Whether files found there are state to recover; else they are deleted.</param>
    /// <param name="maxOpenFiles">Handles kept open.</param>
    /// <param name="io">The calls on files; null for the real ones.</param>
    public StateDevice(string prefix, IStoragePolicy policy, bool keepFiles = false, int maxOpenFiles = 16, SegmentIo? io = null)
        : base(prefix, Sector, Devices.CAPACITY_UNSPECIFIED)
    {
        _segments = new SegmentFiles(prefix, maxOpenFiles);
        _segments.Begin(keepFiles);
        _files = new CheckedFiles(_segments, io ?? SegmentIo.Real, policy, _stopping.Token);
        _thread = new Thread(Serve) { IsBackground = true, Name = "state-io " + Path.GetFileName(prefix) };
        _thread.Start();
    }

    /// <summary>The first error that was not mended; null while all is well. Never reset.</summary>
    public DeviceFault? Fault => _files.Fault;

    /// <summary>What the device did.</summary>
    public DeviceCounters Counters => _files.Counters;

    /// <summary>Bytes on disk.</summary>
    public long DiskBytes => _segments.Bytes;

    /// <summary>Handles open now.</summary>
    public int OpenFiles => _segments.OpenHandles;

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
        PollPace pace = PollPace.Begin(_polled.Count);
        while (_polled.TryDequeue(out Request request))
        {
            ReadOn(request.Segment, request.Offset, request.Target);
            Finish(in request);
            if (pace.IsSlowAfterRead(_polled.Count)) ReadInParallel();
        }
        return true;
    }

    /// <summary>Waits until a write is over, done or given up, or a moment has passed.</summary>
    public void WaitForWrite() => _wrote.WaitOne(LongestWaitMs);

    /// <summary>Waits until every write queued so far is over, done or given up.</summary>
    public void WaitForQueue(CancellationToken stopping)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests.Add(new Request(Kind.Marker, 0, 0, 0, 0, null, reached), stopping);
        reached.Task.Wait(stopping);
    }

    /// <summary>Makes everything written so far durable. Errors: throws, and the device is at fault.</summary>
    public void Sync() => _files.Sync();

    /// <summary>First segment that is not to be deleted; <see cref="int.MaxValue"/> when none is kept.</summary>
    public int KeptFrom => _segments.KeptFrom;

    /// <summary>Segments from this one on stay though FASTER removes them; those before it that it has removed go now.</summary>
    public void KeepFrom(int segment)
    {
        foreach (int released in _segments.KeepFrom(segment)) _requests.Add(new Request(Kind.Remove, released, 0, 0, 0, null, null));
    }

    /// <summary>Reads at an address of the log, within one segment, on the caller's thread, any; with zeros where an error keeps it from it. Errors: the device is at fault.</summary>
    public void Read(long address, Span<byte> buffer) => _files.Read(SegmentOf(address), OffsetOf(address), buffer);

    /// <summary>As <see cref="Read"/>, on any thread. Errors: throws, and the device is at fault.</summary>
    public void ReadNow(long address, Span<byte> buffer)
    {
        Read(address, buffer);
        _files.ThrowIfFaulted();
    }

    /// <summary>As <see cref="Read"/>, on the one thread that polls, of reads that often go on where the last one was: several at once then.</summary>
    public void ReadOn(long address, Span<byte> buffer) => ReadOn(SegmentOf(address), OffsetOf(address), buffer);

    /// <summary>The file in which an address of the log lies.</summary>
    /// <remarks>The files' size, a power of two, is what the log says as it takes the device.</remarks>
    public int SegmentOf(long address) => (int)(address >> BitOperations.Log2((ulong)segmentSize));

    /// <summary>Throws the first fault, if there is one.</summary>
    public void ThrowIfFaulted() => _files.ThrowIfFaulted();

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_requests.IsAddingCompleted) return;
        _stopping.Cancel();
        _requests.CompleteAdding();
        _thread.Join();
        _segments.Dispose();
        _requests.Dispose();
        _stopping.Dispose();
        _wrote.Dispose();
    }

    private long OffsetOf(long address) => address & (segmentSize - 1);

    private void ReadOn(int segment, long offset, Span<byte> buffer)
    {
        if (!_ahead.TryRead(_files, segment, offset, buffer)) _files.Read(segment, offset, buffer);
    }

    private void Serve()
    {
        foreach (Request request in _requests.GetConsumingEnumerable())
        {
            if (request.Kind == Kind.Read) _files.Read(request.Segment, request.Offset, request.Target);
            else if (request.Kind == Kind.Write) _files.Write(request.Segment, request.Offset, request.Target);
            else if (request.Kind == Kind.Remove) _files.Remove(request.Segment);
            Finish(in request);
            if (request.Kind == Kind.Write) _wrote.Set();
        }
    }

    private void ReadInParallel()
    {
        Request[] batch = [.. _polled];
        _polled.Clear();
        var most = new ParallelOptions { MaxDegreeOfParallelism = PollPace.MostInParallel };
        Parallel.For(0, batch.Length, most, i => _files.Read(batch[i].Segment, batch[i].Offset, batch[i].Target));
        foreach (Request request in batch) Finish(in request);
    }

    private void Finish(in Request request)
    {
        try
        {
            if (request.Context is null && request.Callback is null) return;
            if (request.Kind == Kind.Marker) ((TaskCompletionSource)request.Context!).SetResult();
            else if (request.Kind == Kind.Remove)
            {
                (AsyncCallback callback, IAsyncResult result) = ((AsyncCallback, IAsyncResult))request.Context!;
                callback(result);
            }
            else request.Callback!(0, (uint)request.Length, request.Context);
        }
        catch (Exception cause)
        {
            // FASTER's own callback threw here; whatever it left undone, the store is no longer sound.
            _files.Trip("completion", request.Segment, request.Offset, cause);
        }
    }

    private enum Kind : byte
    {
        Read,
        Write,
        Remove,
        Marker,
    }

    [DebuggerDisplay("{Kind} {Segment}@{Offset}+{Length}")]
    private readonly record struct Request(Kind Kind, int Segment, long Offset, IntPtr Buffer, int Length, DeviceIOCompletionCallback? Callback, object? Context)
    {
        // SAFETY: FASTER keeps the buffer pinned and untouched until the callback.
        public unsafe Span<byte> Target => new((void*)Buffer, Length);
    }
}
