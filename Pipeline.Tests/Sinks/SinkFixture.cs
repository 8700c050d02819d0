using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

/// <summary>Batches as Format hands them over.</summary>
internal static class OutputBatches
{
    public static OutputBatch Of(int lane, params IEnumerable<string> values) => Of(lane, values.Select(static value => ($"key of {value}", value)));

    public static OutputBatch Of(int lane, IEnumerable<(string Key, string Value)> samples, Action<OutputBatch>? released = null)
    {
        var batch = new OutputBatch(released) { Lane = lane };
        foreach ((string key, string value) in samples)
        {
            int keyStart = batch.BytesUsed;
            int keyLength = Append(batch, key);
            int valueStart = batch.BytesUsed;
            int valueLength = Append(batch, value);
            Append(batch, "\n");
            batch.Add(new OutputRecord(keyStart, keyLength, valueStart, valueLength));
        }
        return batch;
    }

    /// <summary>Notes a place of emission.</summary>
    public static void Note(this OutputBatch batch, EmissionPoint point) => batch.Note(point.Time, point.Key, point.Start, point.Revision);

    private static int Append(OutputBatch batch, string text)
    {
        int length = Encoding.UTF8.GetBytes(text, batch.Room(Encoding.UTF8.GetByteCount(text)));
        batch.BytesUsed += length;
        return length;
    }
}

/// <summary>Real files behind faults that a test asks for.</summary>
internal sealed class FaultyStore : IFileStore
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Error of the calls that fail: ENOSPC on Linux.</summary>
    private const int NoSpace = 28;

    /// <summary>Writes that fail, half done, before one succeeds.</summary>
    public int FailingWrites { get; set; }

    /// <summary>Replacements that fail.</summary>
    public int FailingReplacements { get; set; }

    /// <summary>Whether fsync fails.</summary>
    public bool FailingSync { get; set; }

    /// <summary>Set while fsync may go on; a call waits for it.</summary>
    public ManualResetEventSlim MaySync { get; } = new(initialState: true);

    /// <summary>Set once fsync was called.</summary>
    public TaskCompletionSource SyncWasCalled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Calls of fsync that failed.</summary>
    public int FailedSyncs { get; private set; }

    /// <summary>Lengths of the writes that succeeded.</summary>
    public List<int> Writes { get; } = [];

    /// <summary>Whether nothing begins to be written: the range is lost.</summary>
    public bool FailingWriteBack { get; set; }

    /// <summary>Ranges that began to be written.</summary>
    public ConcurrentQueue<(long From, long Length)> WriteBacks { get; } = [];

    /// <summary>Whether any call that waits for a disk was made on a thread of the pool.</summary>
    public bool PoolWaited { get; private set; }

    /// <summary>Ranges whose memory was given back.</summary>
    public List<(long From, long Length)> Releases { get; } = [];

    public SafeFileHandle Open(string path) => FileStore.Real.Open(path);

    public void BeginWriteBack(SafeFileHandle file, long from, long length)
    {
        PoolWaited |= Thread.CurrentThread.IsThreadPoolThread;
        if (FailingWriteBack) throw new IOException("Structure needs cleaning", 117);
        PageCache.BeginWriteBack(file, from, length);
        WriteBacks.Enqueue((from, length));
    }

    public void Release(SafeFileHandle file, long from, long length)
    {
        Releases.Add((from, length));
        PageCache.Release(file, from, length);
    }

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
    {
        if (FailingWrites > 0)
        {
            FailingWrites--;
            FileStore.Real.Write(file, bytes[..(bytes.Length / 2)], position);
            throw Full();
        }
        FileStore.Real.Write(file, bytes, position);
        Writes.Add(bytes.Length);
    }

    public void Sync(SafeFileHandle file)
    {
        PoolWaited |= Thread.CurrentThread.IsThreadPoolThread;
        SyncWasCalled.TrySetResult();
        if (!MaySync.Wait(Patience)) throw new TimeoutException("The test let no fsync go on.");
        if (FailingSync)
        {
            FailedSyncs++;
            throw Full();
        }
        FileStore.Real.Sync(file);
    }

    public void SyncDirectory(string path) => FileStore.Real.SyncDirectory(path);

    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        PoolWaited |= Thread.CurrentThread.IsThreadPoolThread;
        if (FailingReplacements > 0)
        {
            FailingReplacements--;
            throw Full();
        }
        FileStore.Real.Replace(path, bytes);
    }

    private static IOException Full() => new("No space left on device", NoSpace);
}

/// <summary>Lets waits by a test's clock pass.</summary>
internal static class SinkClock
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Advances the clock until the work has ended.</summary>
    public static async Task PassUntil(this FakeTimeProvider clock, Task work, TimeSpan step)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!work.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            clock.Advance(step);
            await Task.Yield();
        }
        await work;
    }
}
