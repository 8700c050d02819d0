using System.IO.Compression;
using System.Text;
using CsCheck;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Sources;

/// <summary>Lines of a file against a plain model of them, and at every batch's end the fingerprint by which a restart knows the file again.</summary>
[TestClass]
public sealed class LineFileTests
{
    private static readonly int[] RecordLimits = [100, 50_000, 150_000, 1 << 20];
    private static readonly int[] BatchRecords = [1, 3, 2_048];

    /// <summary>Lines from none to several blocks long, over the limit or not, with and without carriage returns, byte order mark and last line feed, plain or compressed.</summary>
    [TestMethod]
    public void AnyFile_GivesTheLinesOfTheModel_AndItsFingerprintAtEveryBatch() =>
        Gen.Int[0, int.MaxValue - 1].Sample(
            seed =>
            {
                var random = new Random(seed);
                using var folder = new TempFolder();
                byte[] content = Content(random);
                string path = folder[random.Next(3) == 0 ? "a.jsonl.gz" : "a.jsonl"];
                Write(path, content);
                int limit = RecordLimits[random.Next(RecordLimits.Length)];
                using var file = new LineFile(path, 0, new FileInfo(path).Length, limit);

                List<string> found = [.. ReadOn(file, path, BatchRecords[random.Next(BatchRecords.Length)])];

                CollectionAssert.AreEqual(Model(content, limit, withLast: true), found);
            },
            iter: Iterations.Of(60));

    /// <summary>The same for a file that grows while it is read, wherever it is cut: a line counts once its line feed is there.</summary>
    [TestMethod]
    public void FileThatGrows_GivesTheLinesOfTheWhole() =>
        Gen.Int[0, int.MaxValue - 1].Sample(
            seed =>
            {
                var random = new Random(seed);
                using var folder = new TempFolder();
                byte[] content = Content(random);
                string path = folder["a.jsonl"];
                int limit = RecordLimits[random.Next(RecordLimits.Length)];
                File.WriteAllBytes(path, []);
                using var file = new LineFile(path, 0, long.MaxValue, limit);
                var found = new List<string>();
                for (int written = 0; written < content.Length;)
                {
                    int part = Math.Min(content.Length - written, random.Next(4) == 0 ? random.Next(1, 4) : random.Next(1, 200_000));
                    using (FileStream end = new(path, FileMode.Append)) end.Write(content, written, part);
                    written += part;
                    found.AddRange(ReadOn(file, path, BatchRecords[random.Next(BatchRecords.Length)]));
                }

                CollectionAssert.AreEqual(Model(content, limit, withLast: false), found);
            },
            iter: Iterations.Of(40));

    [TestMethod]
    public void BatchThatHoldsSomething_IsRefused()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["a"], "one\n");
        using var file = new LineFile(folder["a"], 0, 4, 100);
        var batch = new RecordBatch(pool: null);
        batch.Add("x"u8, 0, 0);

        Assert.ThrowsExactly<ArgumentException>(() => file.Fill(batch, 10));
    }

    private static IEnumerable<string> ReadOn(LineFile file, string path, int maxRecords)
    {
        var pool = new RecordBatchPool();
        for (bool more = true; more;)
        {
            RecordBatch batch = pool.Rent();
            more = file.Fill(batch, maxRecords);
            Assert.AreEqual(FileFingerprint.Read(path, file.Position).Value, file.Fingerprint, $"fingerprint of {file.Position} bytes");
            for (int i = 0; i < batch.RecordCount; i++)
            {
                RawRecord record = batch.Records[i];
                yield return record.Length == RawRecord.Oversized ? $"{record.Offset}: too long" : $"{record.Offset}:{Encoding.UTF8.GetString(batch.Bytes.AsSpan(record.Start, record.Length))}";
            }
            batch.Release();
        }
    }

    private static List<string> Model(byte[] content, int limit, bool withLast)
    {
        var lines = new List<string>();
        int start = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        while (start < content.Length)
        {
            int length = content.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0 && !withLast) break;
            int whole = length < 0 ? content.Length - start : length;
            int trimmed = whole > 0 && content[start + whole - 1] == '\r' ? whole - 1 : whole;
            lines.Add(trimmed > limit ? $"{start}: too long" : $"{start}:{Encoding.UTF8.GetString(content.AsSpan(start, trimmed))}");
            start += whole + 1;
        }
        return lines;
    }

    private static byte[] Content(Random random)
    {
        var text = new StringBuilder(random.Next(3) == 0 ? "\uFEFF" : "");
        int lines = random.Next(1, 40);
        for (int line = 0; line < lines; line++)
        {
            int kind = random.Next(10);
            text.Append((char)('a' + (line % 26)), kind < 7 ? random.Next(200) : kind < 9 ? random.Next(70_000) : random.Next(300_000));
            if (line < lines - 1 || random.Next(2) == 0) text.Append(random.Next(2) == 0 ? "\r\n" : "\n");
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(string path, byte[] content)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
        {
            File.WriteAllBytes(path, content);
            return;
        }
        using var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        packed.Write(content);
    }
}
