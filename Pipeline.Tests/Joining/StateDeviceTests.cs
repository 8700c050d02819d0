using System.Runtime.InteropServices;
using FASTER.core;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class StateDeviceTests : IDisposable
{
    private const int Segment = 4096;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly TemporaryDirectory _directory = new();
    private readonly FaultySegmentIo _io = new();
    private readonly LightEpoch _epoch = new();

    private StateDevice Open(IStoragePolicy? policy = null, bool keepFiles = false, int maxOpenFiles = 16)
    {
        var device = new StateDevice(Path.Combine(_directory.Path, "log"), policy ?? NoRepeat.Instance, keepFiles, maxOpenFiles, _io);
        device.Initialize(Segment, _epoch);
        return device;
    }

    public void Dispose()
    {
        _epoch.Dispose();
        _directory.Dispose();
    }

    private static unsafe (uint Error, uint Bytes) Write(StateDevice device, byte[] bytes, ulong address)
    {
        void* memory = NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        var done = new TaskCompletionSource<(uint, uint)>(TaskCreationOptions.RunContinuationsAsynchronously);
        device.WriteAsync((IntPtr)memory, address, (uint)bytes.Length, (error, count, _) => done.SetResult((error, count)), null);
        (uint, uint) result = Await(done.Task);
        NativeMemory.Free(memory);
        return result;
    }

    private static unsafe byte[] Read(StateDevice device, int length, ulong address)
    {
        void* memory = NativeMemory.Alloc((nuint)length);
        new Span<byte>(memory, length).Fill(0xEE);
        var done = new TaskCompletionSource<(uint, uint)>(TaskCreationOptions.RunContinuationsAsynchronously);
        int issuer = Environment.CurrentManagedThreadId;
        bool inline = true;
        device.ReadAsync(address, (IntPtr)memory, (uint)length, (error, count, _) =>
        {
            Assert.IsFalse(inline && Environment.CurrentManagedThreadId == issuer);
            done.SetResult((error, count));
        }, null);
        inline = false;
        device.TryComplete();
        Assert.AreEqual((0u, (uint)length), Await(done.Task));
        byte[] read = new Span<byte>(memory, length).ToArray();
        NativeMemory.Free(memory);
        return read;
    }

    private static unsafe byte[][] ReadTogether(StateDevice device, ulong[] addresses)
    {
        byte* memory = (byte*)NativeMemory.Alloc((nuint)(addresses.Length * 512));
        int done = 0;
        for (int i = 0; i < addresses.Length; i++)
            device.ReadAsync(addresses[i], (IntPtr)(memory + (i * 512)), 512, (_, _, _) => done++, null);
        Assert.AreEqual(0, done);
        device.TryComplete();
        Assert.AreEqual(addresses.Length, done);
        var read = new byte[addresses.Length][];
        for (int i = 0; i < read.Length; i++) read[i] = new Span<byte>(memory + (i * 512), 512).ToArray();
        NativeMemory.Free(memory);
        return read;
    }

    private static T Await<T>(Task<T> task)
    {
        Assert.IsTrue(task.Wait(Deadline), "the callback was called");
        return task.Result;
    }

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void WhatIsWritten_IsRead(bool onPoll)
    {
        using StateDevice sut = Open();
        sut.CompleteReadsOnPoll = onPoll;
        byte[] bytes = Bytes(1024, 1);

        Assert.AreEqual((0u, 1024u), Write(sut, bytes, Segment + 512));

        CollectionAssert.AreEqual(bytes, Read(sut, 1024, Segment + 512));
        Assert.IsNull(sut.Fault);
        Assert.AreEqual((1L, 1L, 1024L, 1024L), (sut.Counters.Reads, sut.Counters.Writes, sut.Counters.BytesRead, sut.Counters.BytesWritten));
        Assert.AreEqual(512L + 1024, sut.DiskBytes);
    }

    [TestMethod]
    public void ReadsInOrder_ShareASystemCallAndSeeWhatWasWrittenSince()
    {
        using StateDevice sut = Open();
        sut.CompleteReadsOnPoll = true;
        byte[] bytes = Bytes(Segment, 1);
        Write(sut, bytes, 0);

        for (int at = 0; at < 2048; at += 512) CollectionAssert.AreEqual(bytes[at..(at + 512)], Read(sut, 512, (ulong)at));
        int calls = _io.Reads;
        byte[] anew = Bytes(512, 2);
        Write(sut, anew, 2048);
        byte[] read = Read(sut, 512, 2048);

        Assert.IsLessThan(4, calls);
        CollectionAssert.AreEqual(anew, read);
        Assert.IsNull(sut.Fault);
    }

    [TestMethod]
    public void ManyPolledReads_AreAllCompleted()
    {
        using StateDevice sut = Open();
        for (int i = 0; i < 8; i++) Write(sut, Bytes(Segment, i), (ulong)(i * Segment));
        _io.ReadsAreSlow = true;
        sut.CompleteReadsOnPoll = true;

        byte[][] read = ReadTogether(sut, [.. Enumerable.Range(0, 64).Select(i => (ulong)(((i * 37) % 64) * 512))]);

        for (int i = 0; i < 64; i++)
        {
            int sector = (i * 37) % 64;
            CollectionAssert.AreEqual(Bytes(Segment, sector / 8)[(sector % 8 * 512)..((sector % 8 * 512) + 512)], read[i]);
        }
        Assert.IsLessThanOrEqualTo(8, _io.LonelyReads, "the reads after the first eight overlapped");
    }

    [TestMethod]
    public void ShortTransfers_AreContinuedToTheEnd()
    {
        _io.MostBytes = 100;
        using StateDevice sut = Open();
        byte[] bytes = Bytes(2048, 2);

        Write(sut, bytes, 0);

        CollectionAssert.AreEqual(bytes, Read(sut, 2048, 0));
        Assert.IsNull(sut.Fault);
    }

    [TestMethod]
    public void FailedWrite_IsRepeatedWhileThePolicySaysSo()
    {
        _io.FailingWrites = 3;
        _io.MostBytes = 100;
        var asked = new List<int>();
        using StateDevice sut = Open(new Policy((_, attempt) =>
        {
            asked.Add(attempt);
            return true;
        }));
        byte[] bytes = Bytes(512, 3);

        Write(sut, bytes, 0);

        Assert.IsNull(sut.Fault);
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, asked);
        CollectionAssert.AreEqual(bytes, Read(sut, 512, 0));
        Assert.AreEqual((3L, 3L), (sut.Counters.Repeats, sut.Counters.Errors));
    }

    [TestMethod]
    public void GivenUpWrite_FaultsWithTheFirstCauseAndReleasesTheWaiter()
    {
        _io.WritesFail = true;
        using StateDevice sut = Open();

        Assert.AreEqual((0u, 512u), Write(sut, Bytes(512, 4), Segment + 512));
        Write(sut, Bytes(512, 5), 0);

        DeviceFault fault = sut.Fault!;
        Assert.AreEqual(("write", 512L, 512L, 0L), (fault.Operation, fault.Offset, fault.Expected, fault.Found));
        Assert.AreEqual(Path.Combine(_directory.Path, "log.1"), fault.File);
        StringAssert.Contains(fault.Message, "No space left on device");
        Assert.AreSame(fault, Assert.ThrowsExactly<StateStorageException>(sut.ThrowIfFaulted).Fault);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ShortRead_FaultsAndGivesZeros(bool onPoll)
    {
        using StateDevice sut = Open();
        sut.CompleteReadsOnPoll = onPoll;
        Write(sut, Bytes(512, 6), 0);
        _io.ReadsEndEarly = true;

        byte[] read = Read(sut, 512, 0);

        CollectionAssert.AreEqual(new byte[512], read);
        Assert.AreEqual(("read", 512L, 256L), (sut.Fault!.Operation, sut.Fault.Expected, sut.Fault.Found));
    }

    [TestMethod]
    public void FailedRead_FaultsAndGivesZeros()
    {
        using StateDevice sut = Open();
        Write(sut, Bytes(512, 7), 0);
        _io.ReadsFail = true;

        CollectionAssert.AreEqual(new byte[512], Read(sut, 512, 0));
        StringAssert.Contains(sut.Fault!.Message, "Input/output error");
    }

    [TestMethod]
    public void MissingSegment_FaultsAndIsNotCreated()
    {
        using StateDevice sut = Open();

        Read(sut, 512, 5 * Segment);

        Assert.AreEqual("read", sut.Fault!.Operation);
        Assert.IsFalse(File.Exists(Path.Combine(_directory.Path, "log.5")));
    }

    [TestMethod]
    public void TruncatedSegments_AreDeleted()
    {
        using StateDevice sut = Open();
        for (int i = 0; i < 4; i++) Write(sut, Bytes(Segment, i), (ulong)(i * Segment));

        sut.TruncateUntilAddress((2 * Segment) + 17);

        Assert.AreEqual(2L * Segment, sut.DiskBytes);
        Assert.IsFalse(File.Exists(Path.Combine(_directory.Path, "log.1")));
        CollectionAssert.AreEqual(Bytes(Segment, 2), Read(sut, Segment, 2 * Segment));
        Assert.IsNull(sut.Fault);
    }

    [TestMethod]
    public void ManySegments_KeepFewHandlesOpen()
    {
        using StateDevice sut = Open(maxOpenFiles: 3);
        for (int i = 0; i < 20; i++) Write(sut, Bytes(512, i), (ulong)(i * Segment));

        for (int i = 0; i < 20; i++) CollectionAssert.AreEqual(Bytes(512, i), Read(sut, 512, (ulong)(i * Segment)));

        Assert.IsLessThanOrEqualTo(3, sut.OpenFiles);
        Assert.IsNull(sut.Fault);
    }

    [TestMethod]
    public void FilesOfAnEarlierRun_AreKeptOnlyWhenAsked()
    {
        using (StateDevice earlier = Open()) Write(earlier, Bytes(512, 1), 0);
        using (StateDevice recovered = Open(keepFiles: true))
        {
            Assert.AreEqual(512L, recovered.DiskBytes);
            CollectionAssert.AreEqual(Bytes(512, 1), Read(recovered, 512, 0));
        }

        using StateDevice sut = Open();

        Assert.AreEqual(0L, sut.DiskBytes);
        Assert.IsFalse(File.Exists(Path.Combine(_directory.Path, "log.0")));
    }

    [TestMethod]
    public void FailedSync_ThrowsAndFaults()
    {
        using StateDevice sut = Open();
        Write(sut, Bytes(512, 1), 0);
        sut.Sync();
        Write(sut, Bytes(512, 1), 0);
        _io.SyncsFail = true;

        StateStorageException thrown = Assert.ThrowsExactly<StateStorageException>(sut.Sync);

        Assert.AreEqual("sync", thrown.Fault!.Operation);
    }

    private sealed class Policy(Func<DeviceFault, int, bool> repeat) : IStoragePolicy
    {
        public bool Repeat(DeviceFault failure, int attempt, CancellationToken stopping) => repeat(failure, attempt);
    }
}
