using System.IO.Hashing;

namespace Pipeline.Blocks.Sources;

/// <summary>Fingerprint of a file's (decompressed) bytes before a position: tells at a restart whether the file is still the one that was read.</summary>
/// <remarks>
/// XXH3 (64 bits, seed 0) over all bytes from the file's start, continued as positions move on. Threading: one caller at a time.
/// Allocation: none after construction; about 600 bytes of state a file.
/// </remarks>
internal sealed class FileFingerprint
{
    private readonly XxHash3 _hash = new();

    /// <summary>Bytes taken in.</summary>
    public long Position { get; private set; }

    /// <summary>The fingerprint of the bytes before <see cref="Position"/>; reading it does not end it.</summary>
    public ulong Value => _hash.GetCurrentHashAsUInt64();

    /// <summary>Takes in the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.Append(bytes);
        Position += bytes.Length;
    }

    /// <summary>Reads a file from its start up to a position.</summary>
    /// <exception cref="SourceChangedException">The file has fewer bytes, or is gone.</exception>
    public static FileFingerprint Read(string path, long position)
    {
        var fingerprint = new FileFingerprint();
        var raw = new FileBytes(path, long.MaxValue);
        using Stream bytes = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? GzipBytes.Open(raw, LineFile.BlockBytes) : raw;
        byte[] block = GC.AllocateUninitializedArray<byte>((int)Math.Min(LineFile.BlockBytes, position));
        while (fingerprint.Position < position)
        {
            int read = bytes.Read(block.AsSpan(0, (int)Math.Min(block.Length, position - fingerprint.Position)));
            if (read == 0) throw new SourceChangedException(path, $"{position} bytes", $"{fingerprint.Position}");
            fingerprint.Append(block.AsSpan(0, read));
        }
        return fingerprint;
    }
}
