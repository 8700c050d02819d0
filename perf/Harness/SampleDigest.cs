using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Perf.Harness;

/// <summary>The number of a directory's samples and the sum of their hashes: the same for the same samples, in whatever files and order lanes wrote them.</summary>
internal readonly record struct SampleDigest(long Samples, UInt128 Sum)
{
    private const int BlockBytes = 4 << 20;

    /// <summary>Reads a directory's sample files, and gives the memory that took back, for the run after this has to find it free.</summary>
    public static SampleDigest Of(string directory)
    {
        (long samples, UInt128 sum) = (0, 0);
        foreach (string path in Directory.GetFiles(directory, "samples-*.jsonl"))
        {
            using SafeFileHandle file = File.OpenHandle(path);
            byte[] block = new byte[BlockBytes];
            int kept = 0;
            for (long at = 0; ;)
            {
                int read = RandomAccess.Read(file, block.AsSpan(kept), at);
                if (read == 0) break;
                at += read;
                ReadOnlySpan<byte> lines = block.AsSpan(0, kept + read);
                for (int end; (end = lines.IndexOf((byte)'\n')) >= 0; lines = lines[(end + 1)..])
                {
                    sum += XxHash128.HashToUInt128(lines[..end]);
                    samples++;
                }
                kept = lines.Length;
                if (kept == block.Length) throw new InvalidDataException($"{path}: a sample of more than {BlockBytes} bytes before {at}");
                lines.CopyTo(block);
            }
            if (kept > 0) throw new InvalidDataException($"{path}: expected a newline at the end, found {kept} bytes behind the last");
        }
        PageCache.Drop(directory);
        return new SampleDigest(samples, sum);
    }
}
