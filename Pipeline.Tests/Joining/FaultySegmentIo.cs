using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

/// <summary>File calls that fail on demand. Threading: set by the test, called by the device.</summary>
internal sealed class FaultySegmentIo : SegmentIo
{
    /// <summary>Bytes at most a call transfers.</summary>
    public volatile int MostBytes = int.MaxValue;

    /// <summary>Writes that fail before the next succeeds.</summary>
    public int FailingWrites;

    /// <summary>Whether every write fails.</summary>
    public volatile bool WritesFail;

    /// <summary>Whether every read fails.</summary>
    public volatile bool ReadsFail;

    /// <summary>Whether every read finds the file ended in the middle.</summary>
    public volatile bool ReadsEndEarly;

    /// <summary>Whether syncing fails.</summary>
    public volatile bool SyncsFail;

    /// <summary>Held by a test to hold every write.</summary>
    public ManualResetEventSlim MayWrite { get; } = new(true);

    /// <summary>Whether each of the first eight reads takes a millisecond or more, and every later one until a second thread has come.</summary>
    public volatile bool ReadsAreSlow;

    /// <summary>Slow reads that no second thread came to.</summary>
    public int LonelyReads;

    /// <summary>Read calls.</summary>
    public int Reads;

    /// <summary>Threads that read.</summary>
    public int ReadingThreads => _threads.Count;

    private readonly ConcurrentDictionary<int, bool> _threads = new();
    private bool _half;

    public override int Read(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int reads = Interlocked.Increment(ref Reads);
        _threads[Environment.CurrentManagedThreadId] = true;
        if (ReadsAreSlow && !SpinWait.SpinUntil(() => ReadingThreads > 1, reads <= 8 ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(30)))
            Interlocked.Increment(ref LonelyReads);
        if (ReadsFail) throw new IOException("Input/output error");
        if (ReadsEndEarly)
        {
            _half = !_half;
            return _half ? base.Read(file, buffer[..(buffer.Length / 2)], offset) : 0;
        }
        return base.Read(file, buffer[..Math.Min(buffer.Length, MostBytes)], offset);
    }

    public override int Write(SafeFileHandle file, ReadOnlySpan<byte> buffer, long offset)
    {
        MayWrite.Wait();
        if (WritesFail) throw new IOException("No space left on device");
        if (Interlocked.Decrement(ref FailingWrites) >= 0) throw new IOException("No space left on device");
        return base.Write(file, buffer[..Math.Min(buffer.Length, MostBytes)], offset);
    }

    public override void Sync(SafeFileHandle file)
    {
        if (SyncsFail) throw new IOException("Input/output error");
        base.Sync(file);
    }
}
