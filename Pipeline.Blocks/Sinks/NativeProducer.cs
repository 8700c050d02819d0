using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Blocks.Librdkafka;

namespace Pipeline.Blocks.Sinks;

/// <summary>A producing client of its own, of which only failed records report: Confluent.Kafka has a call and an object for each record that is delivered.</summary>
/// <remarks>
/// Threading: any; a thread of its own serves the callbacks. Ownership: topics of it are disposed of first. The callbacks run on that thread, or on one that
/// flushes; what they throw is lost, but for the first, which <see cref="Flush"/> throws.
/// </remarks>
internal sealed unsafe class NativeProducer : SafeHandle
{
    private const int ErrorBytes = 512;
    // As long as Confluent.Kafka's own thread waits.
    private const int PollMs = 100;

    private readonly Action<Error, Partition> _undelivered;
    private readonly Action<Error> _notice;
    private readonly Action _served;
    private readonly Thread _thread;
    private readonly nint _main;
    private GCHandle _self;
    private Exception? _thrown;
    private volatile bool _ended;

    /// <summary>Makes the client; it connects by itself.</summary>
    /// <param name="configuration">Its properties; Confluent.Kafka's own (<c>dotnet.…</c>) do not count.</param>
    /// <param name="undelivered">Told of each record that failed for good.</param>
    /// <param name="notice">Told how the client fares.</param>
    /// <param name="served">Called whenever callbacks were served, some ten times a second at least.</param>
    /// <exception cref="InvalidOperationException">librdkafka refuses a property, or some that do not go together.</exception>
    public NativeProducer(IEnumerable<KeyValuePair<string, string>> configuration, Action<Error, Partition> undelivered, Action<Error> notice, Action served)
        : base(0, ownsHandle: true)
    {
        (_undelivered, _notice, _served) = (undelivered, notice, served);
        _self = GCHandle.Alloc(this);
        nint native = NativeMethods.NewConfiguration();
        try
        {
            foreach ((string name, string value) in configuration)
                if (!name.StartsWith("dotnet.", StringComparison.Ordinal))
                    Set(native, name, value);
            Set(native, "delivery.report.only.error", "true");
            NativeMethods.SetOpaque(native, GCHandle.ToIntPtr(_self));
            NativeMethods.SetDelivered(native, &OnDelivered);
            NativeMethods.SetFailed(native, &OnFailed);
            NativeMethods.SetLog(native, &OnLog);
            byte* error = stackalloc byte[ErrorBytes];
            SetHandle(NativeMethods.NewClient(NativeMethods.Producer, native, error, ErrorBytes));
            if (IsInvalid) throw new InvalidOperationException(NativeMethods.Text(error));
        }
        catch
        {
            NativeMethods.DestroyConfiguration(native);
            _self.Free();
            throw;
        }
        _main = NativeMethods.MainQueue(handle);
        _thread = new Thread(Serve) { IsBackground = true, Name = "kafka-producer" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Records not delivered and not failed yet; null when events wait to be served that are counted with them.</summary>
    public int? Undelivered => NativeMethods.QueueLength(_main) == 0 && NativeMethods.Unended(handle) is var left && NativeMethods.QueueLength(_main) == 0 ? left : null;

    /// <summary>Sends what is queued without waiting for more, waits for it up to a limit, and tells whether all of it has ended and been reported.</summary>
    public bool Flush(TimeSpan limit)
    {
        _ = NativeMethods.Flush(handle, (int)limit.TotalMilliseconds);
        if (Volatile.Read(ref _thrown) is { } thrown) throw new InvalidOperationException($"A callback of the Kafka client threw: {thrown.Message}", thrown);
        return NativeMethods.Unended(handle) == 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _ended = true;
        // Null where the constructor threw.
        if (disposing) _thread?.Join();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyQueue(_main);
        // Drops what is queued, and returns when no thread of the client can call back any more.
        NativeMethods.DestroyClient(handle);
        _self.Free();
        return true;
    }

    private void Serve()
    {
        while (!_ended)
        {
            _ = NativeMethods.Poll(handle, PollMs);
            Guard(_served);
        }
    }

    private static void Set(nint configuration, string name, string value)
    {
        byte* error = stackalloc byte[ErrorBytes];
        if (NativeMethods.Set(configuration, name, value, error, ErrorBytes) != NativeMethods.Ok) throw new InvalidOperationException(NativeMethods.Text(error));
    }

    /// <summary>Nothing may be thrown into native code, and nothing ends the thread that serves.</summary>
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception thrown)
        {
            Interlocked.CompareExchange(ref _thrown, thrown, null);
        }
    }

    private static NativeProducer Of(nint opaque) => (NativeProducer)GCHandle.FromIntPtr(opaque).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDelivered(nint client, NativeMessage* message, nint opaque)
    {
        NativeProducer self = Of(opaque);
        // The message is librdkafka's and ends with this call; these are copies.
        (int code, int partition) = (message->Error, message->Partition);
        self.Guard(() => self._undelivered(ErrorOf(client, code, null), partition));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnFailed(nint client, int code, byte* reason, nint opaque)
    {
        NativeProducer self = Of(opaque);
        string text = NativeMethods.Text(reason);
        self.Guard(() => self._notice(ErrorOf(client, code, text)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint client, int level, byte* facility, byte* text)
    {
        // What matters comes as an error.
    }

    /// <summary>The error as Confluent.Kafka tells it: one that ends the client is the one it ended with.</summary>
    internal static Error ErrorOf(nint client, int code, string? reason)
    {
        if ((ErrorCode)code != ErrorCode.Local_Fatal) return reason is null ? new Error((ErrorCode)code) : new Error((ErrorCode)code, reason);
        byte* text = stackalloc byte[ErrorBytes];
        int fatal = NativeMethods.FatalError(client, text, ErrorBytes);
        return new Error((ErrorCode)fatal, NativeMethods.Text(text), isFatal: true);
    }
}
