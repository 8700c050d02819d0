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

    private static long Append(WindowLog log, long time, string key, byte[] payload)
    {
        byte[] keyBytes = Encoding.UTF8.GetBytes(key);
        long address = log.TailAddress(keyBytes.Length, payload.Length);
        log.Append(new LogEntry { Key = new KeyHash(1, 2), Time = time, KeyLength = keyBytes.Length, PayloadLength = payload.Length }, keyBytes, payload);
        return address;
    }
}
