namespace Pipeline.Blocks.Joining;

/// <summary>What a device did, ever growing.</summary>
/// <remarks>Threading: added to by any thread, read by any.</remarks>
public sealed class DeviceCounters
{
    private long _reads, _writes, _bytesRead, _bytesWritten, _repeats, _errors;

    /// <summary>Reads done.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <summary>Writes done.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Bytes read.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Bytes written.</summary>
    public long BytesWritten => Volatile.Read(ref _bytesWritten);

    /// <summary>Writes repeated after an error.</summary>
    public long Repeats => Volatile.Read(ref _repeats);

    /// <summary>Errors, repeated ones included.</summary>
    public long Errors => Volatile.Read(ref _errors);

    internal void Read(long bytes)
    {
        Interlocked.Increment(ref _reads);
        Interlocked.Add(ref _bytesRead, bytes);
    }

    internal void Wrote(long bytes)
    {
        Interlocked.Increment(ref _writes);
        Interlocked.Add(ref _bytesWritten, bytes);
    }

    internal void Repeated() => Interlocked.Increment(ref _repeats);

    internal void Failed() => Interlocked.Increment(ref _errors);
}
