using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class PageFileTests
{
    private static readonly byte[] First = [1, 2, 3, 4, 5, 6, 7];
    private static readonly byte[] Second = [8, 9, 10, 11, 12];

    [TestMethod]
    public void FullDisk_IsWaitedOut_AndEveryPageIsWhatWasWritten()
    {
        using var folder = new TempFolder();
        var faults = new List<(DeviceFault Fault, int Attempt)>();
        var io = new FaultySegmentIo { MostBytes = 2 };
        using var sut = new PageFile(folder["log"], new Policy((fault, attempt) =>
        {
            faults.Add((fault, attempt));
            return true;
        }), io);
        sut.Write(0, First);

        io.FailingWrites = 3;
        sut.Write(1, Second);

        Assert.AreEqual(First.Length + Second.Length, sut.Bytes);
        Assert.AreSequenceEqual(First, Read(sut, 0));
        Assert.AreSequenceEqual(Second, Read(sut, 1));
        Assert.AreEqual("1, 2, 3", string.Join(", ", faults.Select(static fault => fault.Attempt)));
        Assert.AreEqual($"State file {folder["log"]}.00000000: write at 7: expected 5 bytes, found 0: No space left on device", faults[0].Fault.Message);
    }

    /// <summary>A snapshot's thread lets go of a file's last page while the next is on its way into that file.</summary>
    [TestMethod]
    public void FileWhosePagesAreAllFreedDuringAWrite_StaysForThePageWritten()
    {
        using var folder = new TempFolder();
        var io = new FaultySegmentIo();
        PageFile sut = null!;
        using PageFile made = sut = new PageFile(folder["log"], new Policy((_, _) =>
        {
            sut.Unhold();
            return true;
        }), io);
        sut.Write(0, First);
        sut.Hold();
        sut.Free(0);

        io.FailingWrites = 1;
        sut.Write(1, Second);

        Assert.AreSequenceEqual(Second, Read(sut, 1));
    }

    [TestMethod]
    public void WriteThatIsGivenUp_NamesFileAndPosition_AndLeavesThePagesBefore()
    {
        using var folder = new TempFolder();
        var io = new FaultySegmentIo();
        using var sut = new PageFile(folder["log"], NoRepeat.Instance, io);
        sut.Write(0, First);
        io.WritesFail = true;

        StateStorageException thrown = Assert.ThrowsExactly<StateStorageException>(() => sut.Write(1, Second));

        Assert.AreEqual(7, thrown.Fault!.Offset);
        Assert.IsFalse(sut.Holds(1));
        Assert.AreSequenceEqual(First, Read(sut, 0));
    }

    [TestMethod]
    public void WindowLog_WaitsOutWhatKeepsItsFilesFromBeingMade()
    {
        using var folder = new TempFolder();
        string absent = folder["absent"];
        using var sut = new WindowLog(Path.Combine(absent, "log"), 0, pageBytes: 4096, MakesDirectory(absent));

        for (int i = 0; i < 3; i++)
        {
            sut.TailAddress(0, 3000);
            sut.Append(new LogEntry { PayloadLength = 3000 }, [], new byte[3000]);
        }

        Assert.IsGreaterThan(0, sut.DiskBytes);
    }

    [TestMethod]
    public void ReorderBuffer_WaitsOutWhatKeepsItsFilesFromBeingMade()
    {
        using var folder = new TempFolder();
        string absent = folder["absent"];
        using var sut = new ReorderBuffer(1, 1, Path.Combine(absent, "reorder"), gate: null, MakesDirectory(absent));
        RecordBatch batch = ParsedBatch.Of(new PartitionDirectory().Register("log", 0, [0], false), new TestEvent(0, "a", 5));

        sut.Add(batch.Events[0], 0, batch);

        Assert.IsGreaterThan(0, sut.DiskBytes);
    }

    private static byte[] Read(PageFile file, long page)
    {
        byte[] bytes = new byte[file.LengthOf(page)];
        file.Read(page, bytes);
        return bytes;
    }

    private static Policy MakesDirectory(string path) => new((_, _) => Directory.CreateDirectory(path).Exists);

    private sealed class Policy(Func<DeviceFault, int, bool> repeat) : IStoragePolicy
    {
        public bool Repeat(DeviceFault failure, int attempt, CancellationToken stopping) => repeat(failure, attempt);
    }
}
