using System.Text;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Joining;

/// <summary>Snapshots of a lane whose state lies in many pages and files of table, window log and reorder buffer.</summary>
[TestClass]
public sealed partial class LaneSnapshotTests : IDisposable
{
    private const long T0 = 1_764_064_800_000;
    private const int WindowMs = 60_000;
    private const int Keys = 3_000;

    private readonly TempFolder _folder = new();
    private readonly FaultySegmentIo _tableIo = new();
    private readonly FaultySegmentIo _snapshotIo = new();
    private IStoragePolicy _policy = NoRepeat.Instance;
    private long _logMemory;
    private long _tableMemory;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void LanesLostAgainAndAgain_GiveTheSamplesOfOneThatIsNot()
    {
        var expected = new List<string>();
        using LaneJoin uninterrupted = Lane("whole", faster: false);
        foreach (int step in Enumerable.Range(0, 12)) Run(uninterrupted, expected, step);

        var found = new List<string>();
        LaneJoin sut = Lane("lost", faster: true);
        for (int step = 0; step < 12; step++)
        {
            Run(sut, found, step);
            Snapshot(sut, "lost", $"{step}");
            int emitted = found.Count;
            Run(sut, found, step + 1);
            found.RemoveRange(emitted, found.Count - emitted);
            sut.Dispose();
            sut = Restore("lost", $"{step}");
        }
        sut.Dispose();

        Assert.IsGreaterThan(10_000, expected.Count);
        CollectionAssert.AreEqual(expected, found);
    }

    [TestMethod]
    public void SnapshotsAlone_ChangeNoSample_AndReleasedFilesGo()
    {
        var expected = new List<string>();
        using (LaneJoin uninterrupted = Lane("whole", faster: false))
            foreach (int step in Enumerable.Range(0, 30)) Run(uninterrupted, expected, step);

        var found = new List<string>();
        long most = 0;
        using LaneJoin sut = Lane("sut", faster: true);
        for (int step = 0; step < 30; step++)
        {
            Run(sut, found, step);
            LaneSnapshot taken = Snapshot(sut, "sut", "one");
            sut.KeepFrom(taken.Floor);
            if (step == 9) most = sut.DiskBytes;
        }

        CollectionAssert.AreEqual(expected, found);
        Assert.IsTrue(SpinWait.SpinUntil(() => sut.DiskBytes < most * 2, TimeSpan.FromSeconds(30)), $"{sut.DiskBytes} bytes after 30 steps, {most} after 10");
    }

    [TestMethod]
    public void SnapshotBeforeTheLast_CanBeRestored_UntilItIsReleased()
    {
        var expected = new List<string>();
        var found = new List<string>();
        LaneJoin sut = Lane("lane", faster: true);
        Run(sut, found, 0);
        Run(sut, found, 1);
        sut.KeepFrom(Snapshot(sut, "lane", "old").Floor);
        int emitted = found.Count;
        for (int step = 2; step < 10; step++)
        {
            Run(sut, found, step);
            Snapshot(sut, "lane", "new");
        }
        expected.AddRange(found);
        found.RemoveRange(emitted, found.Count - emitted);
        sut.Dispose();

        sut = Restore("lane", "old");
        for (int step = 2; step < 10; step++) Run(sut, found, step);
        sut.Dispose();

        CollectionAssert.AreEqual(expected, found);
    }

    [TestMethod]
    public void DamageInAnyFile_IsDetected()
    {
        using (LaneJoin lane = Lane("lane", faster: true))
        {
            Run(lane, [], 0);
            Run(lane, [], 1);
            Snapshot(lane, "lane", "one");
        }
        string[] files = [.. Directory.GetFiles(_folder["lane"], "*", SearchOption.AllDirectories).Where(path => !path.Contains("spill", StringComparison.Ordinal))];
        Assert.IsGreaterThan(5, files.Length);
        var random = new Random(7);
        foreach (string file in files.Select(path => Path.GetRelativePath(_folder["lane"], path)))
        {
            // The table's last sector lies in the snapshot.
            long bytes = new FileInfo(Path.Combine(_folder["lane"], file)).Length - (file.Contains("windows", StringComparison.Ordinal) ? 512 : 0);
            if (bytes <= 0) continue;
            for (int i = 0; i < 6; i++)
            {
                long at = i == 0 ? 0 : i == 1 ? bytes - 1 : random.NextInt64(bytes);
                AssertRefused(file, stream => Flip(stream, at, random.Next(8)), $"a flipped bit in byte {at} of {file}");
            }
            AssertRefused(file, stream => stream.SetLength(bytes - 1), $"{file} shortened by a byte");
            AssertRefused(file, stream => stream.SetLength(bytes / 2), $"{file} shortened by half");
            AssertRefused(file, stream => stream.SetLength(0), $"an empty {file}");
            AssertRefused(file, null, $"no {file}");
        }
        Copy();
        Assert.IsNull(CheckOf("copy", "one"));
        Restore("copy", "one").Dispose();
    }

    private string? CheckOf(string name, string snapshot) =>
        LaneSnapshotCheck.DamageOf(Path.Combine(_folder[$"{name}/{snapshot}"], LaneSnapshot.FileName), _folder[$"{name}/table"], _folder[$"{name}/log"]);

    [TestMethod]
    public void EmptyTableWithoutItsMark_IsDetected()
    {
        using (LaneJoin lane = Lane("lane", faster: true)) Snapshot(lane, "lane", "one");
        Copy();
        Assert.IsNull(CheckOf("copy", "one"));

        AssertRefused(Path.Combine("table", "generation-0"), null, "no file is left of the table's log");
    }

    [TestMethod]
    public void SnapshotOfAnotherLane_IsRefused()
    {
        using (LaneJoin lane = Lane("lane", faster: true)) Snapshot(lane, "lane", "one");

        Assert.ThrowsExactly<InvalidDataException>(() => LaneJoin.Restore(
            _folder["lane/one"], Options with { Lane = 1 }, Table("lane", faster: true, restore: true), Reorder("lane"), Log("lane")));
    }

    private void AssertRefused(string file, Action<FileStream>? damage, string what)
    {
        Copy();
        string path = Path.Combine(_folder["copy"], file);
        if (damage is null) File.Delete(path);
        else
        {
            using var stream = new FileStream(path, FileMode.Open);
            damage(stream);
        }
        string? found = CheckOf("copy", "one");
        Assert.IsNotNull(found, what);
        StringAssert.Contains(found, "expected", what);
        Assert.ThrowsExactly<InvalidDataException>(() => Restore("copy", "one").Dispose(), what);
    }

    private void Copy()
    {
        if (Directory.Exists(_folder["copy"])) Directory.Delete(_folder["copy"], recursive: true);
        foreach (string path in Directory.GetFiles(_folder["lane"], "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(_folder["copy"], Path.GetRelativePath(_folder["lane"], path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    private static void Flip(FileStream stream, long at, int bit)
    {
        stream.Position = at;
        int value = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(value ^ 1 << bit));
    }

    private LaneSnapshot Snapshot(LaneJoin lane, string name, string snapshot)
    {
        Directory.CreateDirectory(_folder[$"{name}/{snapshot}"]);
        return lane.Snapshot(_folder[$"{name}/{snapshot}"]);
    }

    private LaneJoin Restore(string name, string snapshot) =>
        LaneJoin.Restore(_folder[$"{name}/{snapshot}"], Options, Table(name, faster: true, restore: true), Reorder(name), Log(name));

    private LaneJoin Lane(string name, bool faster)
    {
        Directory.CreateDirectory(_folder[name]);
        return new LaneJoin(Options, Table(name, faster, restore: false), Reorder(name), Log(name));
    }

    private LaneOptions Options => new()
    {
        Lane = 0,
        Window = new WindowOptions { Length = TimeSpan.FromMilliseconds(WindowMs) },
        Ranks = [0, 1],
        BatchWindows = 100,
        StoragePolicy = _policy,
        Io = _snapshotIo,
    };

    private ReorderBuffer Reorder(string name) => new(2, 40_000, _folder[$"{name}/spill"], null);

    private WindowLog Log(string name) => new(_folder[$"{name}/log"], _logMemory, pageBytes: 4_096);

    private IWindowTable Table(string name, bool faster, bool restore) => faster
        ? WindowTables.Open(new FasterTableOptions
        {
            Directory = _folder[$"{name}/table"],
            MemoryBytes = _tableMemory,
            ActionStreams = 1,
            Window = TimeSpan.FromMilliseconds(WindowMs),
            SegmentBytes = 64 << 10,
            Restore = restore,
            Io = _tableIo,
        })
        : new MemoryWindowTable(1, WindowMs, WindowAnchor.Exposure, keepActions: false);

    /// <summary>Half a window of exposures, each key once, and clicks on some of them; the watermark stays a bit behind.</summary>
    private static void Run(LaneJoin lane, List<string> samples, int step)
    {
        const int half = WindowMs / 2;
        var events = new List<TestEvent>();
        for (int i = 0; i < Keys; i++)
        {
            long time = T0 + (step * (long)half) + (i * (long)half / Keys);
            events.Add(new TestEvent(0, $"k{(step * Keys / 2) + i}", time, Payload: $"{step}/{i}"));
            if (i % 3 == 0) events.Add(new TestEvent(1, $"k{(step * Keys / 2) + i}", time + (i % 7 * 4_000)));
        }
        RecordBatch records = ParsedBatch.Of(ParsedBatch.Partition(), [.. events]);
        var batch = new LaneBatch { Records = records, Watermark = T0 + (step * (long)half) + (half / 2) };
        for (int i = 0; i < events.Count; i++) batch.Add(i);
        lane.Accept(batch);
        var output = new SampleBatch(1);
        bool more;
        do
        {
            more = lane.Advance(output);
            for (int i = 0; i < output.Count; i++)
            {
                ClosedWindow window = output.Windows[i];
                ActionCell cell = output.CellsOf(i)[0];
                samples.Add($"{window.Start} {window.Exposures} {cell.Count} {cell.FirstDelay} {Encoding.UTF8.GetString(output.Bytes, window.PayloadStart, window.PayloadLength)}");
            }
            output.Clear();
        }
        while (more);
    }
}
