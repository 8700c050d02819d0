using System.Text;
using CsCheck;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class WindowLogTests
{
    [TestMethod]
    public void EntriesReadBackInOrder_AlsoFromDisk()
    {
        using var folder = new TempFolder();
        using var sut = new WindowLog(folder["log"], 2 * WindowLog.PageBytes);
        byte[] payload = new byte[100_000];
        for (int i = 0; i < 100; i++) Append(sut, i, $"key{i}", payload);

        Assert.IsGreaterThan(5 * WindowLog.PageBytes, sut.DiskBytes);
        Assert.IsLessThan(6 * WindowLog.PageBytes, sut.MemoryBytes);
        long address = 0;
        for (int i = 0; i < 100; i++)
        {
            Assert.IsTrue(sut.TryReadNext(ref address, out LogEntry entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> read));
            Assert.AreEqual(i, entry.Time);
            Assert.AreEqual($"key{i}", Encoding.UTF8.GetString(key));
            Assert.AreEqual(payload.Length, read.Length);
        }
        Assert.IsFalse(sut.TryReadNext(ref address, out _, out _, out _));
    }

    [TestMethod]
    public void EntryLargerThanAPage_HasAPageOfItsOwn()
    {
        using var folder = new TempFolder();
        using var sut = new WindowLog(folder["log"], WindowLog.PageBytes);
        byte[] large = new byte[3 * WindowLog.PageBytes];
        large[^1] = 42;
        Append(sut, 1, "a", [1]);
        long address = Append(sut, 2, "b", large);
        Append(sut, 3, "c", [3]);

        sut.ReadAt(address, out LogEntry entry, out _, out ReadOnlySpan<byte> payload);

        Assert.AreEqual(2, entry.Time);
        Assert.AreEqual(42, payload[^1]);
    }

    [TestMethod]
    public void TruncatedLog_GivesMemoryAndDiskBack()
    {
        using var folder = new TempFolder();
        using var sut = new WindowLog(folder["log"], WindowLog.PageBytes);
        long last = 0;
        for (int i = 0; i < 2_000; i++) last = Append(sut, i, "k", new byte[200_000]);

        sut.TruncateBefore(last);

        Assert.IsLessThan(64L * WindowLog.PageBytes, sut.DiskBytes);
        sut.ReadAt(last, out LogEntry entry, out _, out _);
        Assert.AreEqual(1_999, entry.Time);
    }

    [TestMethod]
    public void PagesASnapshotStillReads_AreCountedAndLeftAlone_AndUsedAgainWhenItHasWrittenThem()
    {
        const int page = 64 << 10;
        const long budget = 8 * page, beside = 3 * page;
        using var folder = new TempFolder();
        using var sut = new WindowLog(folder["log"], budget, page);
        long end = AppendPages(sut, 6, fill: 1);
        WindowLogSnapshot snapshot = sut.BeginSnapshot();
        sut.TruncateBefore(end);
        Assert.IsGreaterThanOrEqualTo(6L * page, sut.MemoryBytes);

        end = AppendPages(sut, 20, fill: 2);

        Assert.IsLessThanOrEqualTo(budget + beside, sut.MemoryBytes);
        Assert.HasCount(6, snapshot.Unwritten);
        foreach ((_, ReadOnlyMemory<byte> bytes) in snapshot.Unwritten) Assert.AreEqual(1, bytes.Span[LogEntry.HeadBytes + 1]);

        snapshot.WritePages(CancellationToken.None);
        sut.TruncateBefore(end);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AppendPages(sut, 5, fill: 3);

        Assert.IsLessThan(page, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.IsLessThanOrEqualTo(budget + beside, sut.MemoryBytes);
        snapshot.Release();
    }

    /// <summary>Sizes, reads ahead, reads anywhere and truncation in any mix give what was written.</summary>
    [TestMethod]
    public void AnyMixOfAppendsAndReads_GivesWhatWasWritten()
    {
        Gen.Select(Gen.Int[0, 300_000], Gen.Int[0, 3], Gen.Int[0, 1_000_000]).Array[1, 60].Sample(
            steps =>
            {
                using var folder = new TempFolder();
                using var sut = new WindowLog(folder["log"], 0);
                var written = new List<(long Address, int Length)>();
                long cursor = 0;
                int read = 0;
                foreach ((int length, int reads, int random) in steps)
                {
                    written.Add((Append(sut, written.Count, "key", new byte[length]), length));
                    for (int i = 0; i < reads && read < written.Count; i++, read++)
                    {
                        if (!sut.TryReadNext(ref cursor, out LogEntry entry, out _, out ReadOnlySpan<byte> payload)) return false;
                        if (entry.Time != read || payload.Length != written[read].Length) return false;
                    }
                    sut.TruncateBefore(cursor);
                    int pick = Math.Min(read, written.Count - 1) + random % Math.Max(1, written.Count - read);
                    if (pick >= written.Count || written[pick].Address < cursor) continue;
                    sut.ReadAt(written[pick].Address, out LogEntry found, out _, out _);
                    if (found.Time != pick) return false;
                }
                return true;
            },
            iter: 300);
    }

    /// <summary>Fills whole pages with entries, and begins one more; gives the address of its first entry.</summary>
    private static long AppendPages(WindowLog log, int pages, byte fill)
    {
        byte[] payload = new byte[30_000];
        Array.Fill(payload, fill);
        long first = Append(log, 0, "k", payload), last = first;
        while (last >> 32 < (first >> 32) + pages) last = Append(log, 0, "k", payload);
        return last;
    }

    private static long Append(WindowLog log, long time, string key, byte[] payload)
    {
        byte[] keyBytes = Encoding.UTF8.GetBytes(key);
        long address = log.TailAddress(keyBytes.Length, payload.Length);
        log.Append(new LogEntry { Key = new KeyHash(1, 2), Time = time, KeyLength = keyBytes.Length, PayloadLength = payload.Length }, keyBytes, payload);
        return address;
    }
}
